//! Where the built functions are: beside this program, because one `cargo
//! build --workspace` builds both.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Overrides the folder, for a build that lies elsewhere.
const VARIABLE: &str = "FUNCTION_BINARIES";

/// The folder with one binary for each function.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The folder that `FUNCTION_BINARIES` names, else this program's own.
    pub fn find() -> Result<Self> {
        let folder = match std::env::var_os(VARIABLE) {
            Some(folder) => folder.into(),
            None => beside(&std::env::current_exe().context("this program has no path")?),
        };
        Ok(Self { folder })
    }

    /// The binary of a function.
    pub fn of(&self, function: &str) -> Result<PathBuf> {
        let binary = self.folder.join(function);
        ensure!(
            binary.is_file(),
            "there is no {} yet: build it with `cargo build --workspace`",
            binary.display()
        );
        Ok(binary)
    }
}

/// Test programs lie one folder deeper than what they test.
fn beside(program: &Path) -> PathBuf {
    let folder = program.parent().unwrap_or(Path::new("."));
    let is_tests = folder.ends_with("deps");
    folder.parent().filter(|_| is_tests).unwrap_or(folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_lie_beside_the_program_and_above_a_test() {
        for program in ["target/debug/local", "target/debug/deps/e2e-1f"] {
            assert_eq!(beside(Path::new(program)), Path::new("target/debug"));
        }
    }

    #[test]
    fn a_missing_function_says_how_to_build_it() {
        let folder = "target/debug".into();
        let error = Binaries { folder }.of("no-such-function").unwrap_err();
        assert!(error.to_string().ends_with("build it with `cargo build --workspace`"));
    }
}
