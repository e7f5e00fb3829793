//! How far a mapping has come in the stream, in a file beside the table.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::source::Position;

const FOLDER: &str = "streams";

/// Where one mapping keeps how far it has come; nowhere for a table that is
/// not kept.
#[derive(Debug)]
pub(super) struct Checkpoint {
    file: Option<PathBuf>,
    stream: String,
}

#[derive(Deserialize, Serialize)]
struct Kept {
    /// The stream's ARN: another table's numbers mean nothing in this one.
    stream: String,
    /// The last record that is done with; none before the first.
    after: Option<String>,
}

impl Checkpoint {
    pub(super) fn none(stream: &str) -> Self {
        Self { file: None, stream: stream.to_owned() }
    }

    pub(super) fn in_folder(state: &Path, mapping: &str, stream: &str) -> Result<Self> {
        let folder = state.join(FOLDER);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self { file: Some(folder.join(format!("{mapping}.json"))), stream: stream.to_owned() })
    }

    /// What was kept for this stream. From a file that is none any more (the
    /// machine lost power) all records are delivered again: better than not at
    /// all.
    pub(super) fn read(&self) -> Result<Option<Position>> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let text = match fs::read(file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
        };
        let kept: Kept = match serde_json::from_slice(&text) {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a stream is read from its start, its checkpoint is broken");
                return Ok(Some(Position::Oldest));
            }
        };
        let is_ours = kept.stream == self.stream;
        Ok(is_ours.then(|| kept.after.map_or(Position::Oldest, Position::After)))
    }

    /// Keeps the position. If that fails, what follows is delivered again when
    /// the system next runs, which each function has to bear anyway.
    pub(super) fn save(&self, position: &Position) {
        let Some(file) = &self.file else {
            return;
        };
        if let Err(error) = self.write(file, position) {
            tracing::error!(file = %file.display(), %error, "a checkpoint could not be kept");
        }
    }

    /// Whole or not at all, whenever the process is killed.
    fn write(&self, file: &Path, position: &Position) -> io::Result<()> {
        let after = match position {
            Position::Oldest => None,
            Position::After(number) => Some(number.clone()),
        };
        let kept = Kept { stream: self.stream.clone(), after };
        let new = file.with_extension("json.new");
        fs::write(&new, serde_json::to_vec(&kept)?)?;
        fs::rename(&new, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(number: &str) -> Position {
        Position::After(number.into())
    }

    #[test]
    fn a_position_is_kept_for_its_mapping_and_its_stream() {
        let folder = tempfile::tempdir().unwrap();
        let of = |mapping, stream| Checkpoint::in_folder(folder.path(), mapping, stream).unwrap();
        assert_eq!(of("Inbox", "arn:1").read().unwrap(), None);
        of("Inbox", "arn:1").save(&Position::Oldest);
        assert_eq!(of("Inbox", "arn:1").read().unwrap(), Some(Position::Oldest));
        of("Inbox", "arn:1").save(&after("17"));
        assert_eq!(of("Inbox", "arn:1").read().unwrap(), Some(after("17")));
        assert_eq!(of("Inbox", "arn:2").read().unwrap(), None);
        assert_eq!(of("Other", "arn:1").read().unwrap(), None);
    }

    #[test]
    fn a_broken_file_means_all_over_again() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::in_folder(folder.path(), "Inbox", "arn:1").unwrap();
        fs::write(folder.path().join("streams/Inbox.json"), "").unwrap();
        assert_eq!(checkpoint.read().unwrap(), Some(Position::Oldest));
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let none = Checkpoint::none("arn:1");
        none.save(&after("17"));
        assert_eq!(none.read().unwrap(), None);
    }
}
