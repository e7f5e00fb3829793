//! Where this clone keeps its things: the root is the folder that holds
//! template.yaml, at or above the working directory, so that the binary, the
//! tests of any crate and an installed tool all agree.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::template::Template;

const TEMPLATE: &str = "template.yaml";

/// One clone of the project.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The project around the working directory; an error outside of one.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir().context("the working directory is gone")?;
        here.ancestors()
            .find(|folder| folder.join(TEMPLATE).is_file())
            .map(|root| Self { root: root.into() })
            .with_context(|| format!("no {TEMPLATE} here or above: run this inside the project"))
    }

    /// The folder of the root manifest.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the system is made of, as AWS will get it.
    pub fn template(&self) -> Result<Template> {
        Template::read(&self.root.join(TEMPLATE))
    }

    /// What survives from run to run: table, keys, logs. Under `target`, which
    /// no clone commits and `cargo clean` may take.
    pub fn state(&self) -> PathBuf {
        self.root.join("target/local")
    }

    /// Programs that `make tools` installed for this clone.
    pub fn tools(&self) -> PathBuf {
        self.root.join(".tools/venv/bin")
    }
}
