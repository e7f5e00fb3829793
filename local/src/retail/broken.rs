//! Why a whole file cannot be used.

use std::io;

/// What is wrong with a file; then nothing of it is written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("it is larger than {} MB", .limit >> 20)]
    TooLarge { limit: u64 },
    #[error("it is empty")]
    Empty,
    #[error("its first line lacks the column(s) {}", .0.join(", "))]
    MissingColumns(Vec<&'static str>),
    #[error("its first line has the column {0} twice")]
    RepeatedColumn(&'static str),
    #[error("the quote opened in the row of line {line} is never closed: the file may be cut off")]
    OpenQuote { line: u64 },
    #[error("none of its {rows} rows can be used (why stands in {report})")]
    NoUsableRow { rows: u64, report: String },
}
