//! The project's Python tools.

use std::path::{Path, PathBuf};

/// A program of the project's virtual environment.
pub(crate) fn tool(name: &str) -> PathBuf {
    let venv = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools/venv/bin");
    let path = Path::new(venv).join(name);
    assert!(path.exists(), "the project's Python tools lack {name}: run make test, which installs them");
    path
}
