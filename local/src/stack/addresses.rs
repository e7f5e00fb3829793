//! Where the running stack is, for the commands that speak to it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

const FILE: &str = "stack.json";

/// Where the running stack is, as URLs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The API.
    pub api: String,
    /// The Lambda emulator, which takes `Invoke` calls.
    pub lambda: String,
    /// DynamoDB, past the faults that the functions may meet.
    pub dynamodb: String,
}

/// Takes the file back when dropped: what is stopped is nowhere.
#[derive(Debug)]
pub(super) struct Told(PathBuf);

impl Addresses {
    /// Those of the stack that runs on this state folder.
    ///
    /// # Errors
    /// When none runs.
    pub fn of_running(state: &Path) -> Result<Self> {
        let file = state.join(FILE);
        let text = match std::fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!("nothing runs: make run"),
            read => read.with_context(|| format!("reading {}", file.display()))?,
        };
        serde_json::from_str(&text).with_context(|| format!("{} is damaged: make run", file.display()))
    }

    /// Leaves word in the state folder.
    pub(super) fn tell(&self, state: &Path) -> Result<Told> {
        let file = state.join(FILE);
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(&file, text + "\n").with_context(|| format!("writing {}", file.display()))?;
        Ok(Told(file))
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(file = %self.0.display(), %error, "word of a stack that is gone was left");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_as_long_as_the_stack_runs() {
        let state = tempfile::tempdir().unwrap();
        let nothing = || Addresses::of_running(state.path()).unwrap_err().to_string();
        assert_eq!(nothing(), "nothing runs: make run");
        let here = |port| format!("http://127.0.0.1:{port}");
        let addresses = Addresses { api: here(1), lambda: here(2), dynamodb: here(3) };
        let told = addresses.tell(state.path()).unwrap();
        assert_eq!(Addresses::of_running(state.path()).unwrap(), addresses);
        drop(told);
        assert_eq!(nothing(), "nothing runs: make run");
    }
}
