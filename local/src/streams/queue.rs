//! An on-failure queue on this machine: a file with a JSON document a line,
//! each what AWS would have sent to the queue.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

const FOLDER: &str = "queues";

/// One queue of the template.
#[derive(Debug)]
pub(super) struct Queue {
    file: PathBuf,
}

/// All messages that the queue of this logical id holds, the oldest first;
/// none if nothing was ever sent to it.
pub fn messages(state: &Path, logical_id: &str) -> Result<Vec<Value>> {
    let file = file(state, logical_id);
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    // A line that was cut off was sent again: nothing went on before its end.
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

impl Queue {
    pub(super) fn new(state: &Path, logical_id: &str) -> Result<Self> {
        let folder = state.join(FOLDER);
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Self { file: file(state, logical_id) })
    }

    /// Returns once the message is on the disk.
    pub(super) fn send(&self, message: &Value) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(&self.file)?;
        let line = if is_cut_off(&mut file)? { format!("\n{message}\n") } else { format!("{message}\n") };
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }
}

fn file(state: &Path, logical_id: &str) -> PathBuf {
    state.join(FOLDER).join(format!("{logical_id}.jsonl"))
}

/// Whether the last line has no end: its writer was killed, or the disk full.
fn is_cut_off(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_queue_keeps_its_messages_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (json!({"line": "with\nbreak"}), json!({"n": 2}));
        let queue = Queue::new(folder.path(), "Failed").unwrap();
        assert!(messages(folder.path(), "Failed").unwrap().is_empty());
        queue.send(&one).unwrap();
        Queue::new(folder.path(), "Failed").unwrap().send(&two).unwrap();
        assert_eq!(messages(folder.path(), "Failed").unwrap(), [one, two]);
        assert!(messages(folder.path(), "Other").unwrap().is_empty());
    }

    #[test]
    fn a_message_that_was_cut_off_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::new(folder.path(), "Failed").unwrap();
        queue.send(&json!(1)).unwrap();
        let mut file = OpenOptions::new().append(true).open(&queue.file).unwrap();
        file.write_all(br#"{"cut": "o"#).unwrap();
        queue.send(&json!(2)).unwrap();
        assert_eq!(messages(folder.path(), "Failed").unwrap(), [json!(1), json!(2)]);
    }
}
