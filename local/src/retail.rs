//! Retail files as published in the Online Retail data set: which rows they
//! have, what their columns are called and how numbers and dates are written.
//! What a row is good for is judged by those who read it.

mod broken;
mod columns;
mod date;
mod kind;
mod table;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(crate) use self::broken::Broken;
pub(crate) use self::columns::{Columns, Fields};
pub(crate) use self::date::date;
pub(crate) use self::kind::Kind;
pub(crate) use self::table::{Row, Table};

/// Ten times the published file of one year; it is held in memory.
const MAX_BYTES: u64 = 512 << 20;

/// Reads at most the limit, whatever the file says its size is.
pub(crate) fn contents(file: &Path) -> Result<Vec<u8>, Broken> {
    let mut bytes = Vec::new();
    let read = File::open(file)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if read as u64 > MAX_BYTES {
        return Err(Broken::TooLarge { limit: MAX_BYTES });
    }
    Ok(bytes)
}

/// The columns that the header names, and the rows below it.
pub(crate) fn rows(bytes: &[u8]) -> Result<(Columns, Table<'_>), Broken> {
    let mut table = Table::new(bytes);
    let header = table.next().ok_or(Broken::Empty)??;
    Ok((Columns::find(&header.fields)?, table))
}
