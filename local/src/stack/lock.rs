//! One stack for each state folder: two would write one table file.

use std::fs::{self, DirEntry, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

const FILE: &str = "lock";

/// Held while the stack runs; the system lets go of it when the process ends,
/// however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
    state: PathBuf,
}

impl Lock {
    pub(super) fn take(state: &Path) -> Result<Self> {
        fs::create_dir_all(state).with_context(|| format!("making {}", state.display()))?;
        let path = state.join(FILE);
        let file = File::create(&path).with_context(|| format!("writing {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file, state: state.to_owned() }),
            Err(TryLockError::WouldBlock) => {
                bail!("a stack of this clone runs already: stop it first (Ctrl-C in its window)")
            }
            Err(TryLockError::Error(error)) => Err(error).context("locking the state folder"),
        }
    }

    /// Removes all else that the folder holds.
    pub(super) fn empty_folder(&self) -> Result<()> {
        for entry in fs::read_dir(&self.state)? {
            let entry = entry?;
            if entry.file_name() != FILE {
                remove(&entry).with_context(|| format!("removing {}", entry.path().display()))?;
            }
        }
        Ok(())
    }
}

fn remove(entry: &DirEntry) -> std::io::Result<()> {
    if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_stack_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        assert!(Lock::take(folder.path()).unwrap_err().to_string().starts_with("a stack of this clone"));
        drop(first);
        Lock::take(folder.path()).unwrap();
    }

    #[test]
    fn emptying_leaves_the_lock_alone() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path()).unwrap();
        fs::create_dir(folder.path().join("logs")).unwrap();
        fs::write(folder.path().join("logs/a"), "").unwrap();
        fs::write(folder.path().join("key"), "").unwrap();
        lock.empty_folder().unwrap();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(left, [FILE]);
    }
}
