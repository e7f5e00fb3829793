//! The file as rows: where each begins, and its fields as text.
//!
//! CSV readers take what they get. Two things that they let pass would import
//! half a file or point at the wrong line, and are seen to here: a quote that
//! the end of the file leaves open, and rows that follow quoted line breaks.

use std::io::{self, Chain, Read};

use csv::{ByteRecord, Reader, ReaderBuilder};
use encoding_rs::WINDOWS_1252;

use super::broken::Broken;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Stands after the end of the file: its line break ends the last row, and
/// only a quote that is still open reads beyond that.
const END: &[u8] = b"\nend";

/// One row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// In the file, from 1: where the row begins.
    pub(crate) line: u64,
    /// Trimmed.
    pub(crate) fields: Vec<String>,
}

/// The rows of a file that is in memory, the header among them.
pub(crate) struct Table<'a> {
    bytes: &'a [u8],
    reader: Reader<Chain<&'a [u8], &'static [u8]>>,
    lines: Lines<'a>,
    ended: bool,
}

impl<'a> Table<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_end();
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.chain(END));
        Self { bytes, reader, lines: Lines::new(bytes), ended: false }
    }

    fn next_row(&mut self) -> Result<Option<Row>, Broken> {
        let begin = self.next_begin();
        if begin == self.bytes.len() {
            return Ok(None);
        }
        let line = self.lines.line_at(begin);
        let mut record = ByteRecord::new();
        self.reader.read_byte_record(&mut record).map_err(io::Error::from)?;
        if self.read_so_far() > self.bytes.len() + 1 {
            return Err(Broken::OpenQuote { line });
        }
        Ok(Some(Row { line, fields: record.iter().map(text).collect() }))
    }

    /// Where the next row begins: after the line break that the reader may
    /// have stopped at or inside, and after blank lines, which are no rows.
    fn next_begin(&self) -> usize {
        let read = self.read_so_far().min(self.bytes.len());
        let breaks = self.bytes[read..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        read + breaks.count()
    }

    fn read_so_far(&self) -> usize {
        usize::try_from(self.reader.position().byte()).expect("the file is in memory")
    }
}

impl Iterator for Table<'_> {
    type Item = Result<Row, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.next_row().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

/// The published file is not all UTF-8: where it is not, its pound signs and
/// accents are Windows-1252. That reads any byte; those it has no letter for
/// become control characters, which no name or id may hold.
fn text(field: &[u8]) -> String {
    let text = match std::str::from_utf8(field) {
        Ok(text) => text.into(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(field).0,
    };
    text.trim().to_owned()
}

/// Counts lines as an editor does, moving forward only.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, line: 1 }
    }

    /// The line on which `offset` lies; it must not lie before the last one.
    fn line_at(&mut self, offset: usize) -> u64 {
        let ends = |at: &usize| match self.bytes[*at] {
            b'\n' => true,
            b'\r' => self.bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        self.line += (self.offset..offset).filter(ends).count() as u64;
        self.offset = offset;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
        Table::new(bytes).map(|row| row.expect("readable")).map(|row| (row.line, row.fields)).collect()
    }

    fn lines(text: &str) -> Vec<u64> {
        rows(text.as_bytes()).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn a_row_is_named_by_the_line_it_begins_on() {
        assert_eq!(lines("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(lines("a,b\r\n1,2\r\n3,4"), [1, 2, 3]);
        assert_eq!(lines("a,b\r1,2\r3,4\r"), [1, 2, 3]);
    }

    #[test]
    fn quoted_line_breaks_and_blank_lines_count_as_lines() {
        assert_eq!(lines("a\n\"x\ny\r\nz\"\n1\n"), [1, 2, 5]);
        assert_eq!(lines("\n\na\n\n\r\n1\n\n\n"), [3, 6]);
    }

    #[test]
    fn quotes_and_commas_belong_to_the_field() {
        assert_eq!(rows(b"\"say \"\"hi\"\", you\", b ")[0].1, ["say \"hi\", you", "b"]);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_name() {
        assert_eq!(rows("\u{feff}a,b\n".as_bytes())[0].1, ["a", "b"]);
    }

    #[test]
    fn what_is_not_utf8_is_read_as_windows_1252() {
        assert_eq!(rows(b"\xa340 caf\xe9 \x96 \x80,caf\xc3\xa9")[0].1, ["£40 café – €", "café"]);
        assert!(rows(b"\x81\xff")[0].1[0].contains('\u{81}'));
    }

    #[test]
    fn a_quote_left_open_is_found_where_it_was_opened() {
        for text in ["a\n1\n\"2\n3\n4\n", "a\n1\n\"2", "a\n1\n\"2\"\""] {
            let last = Table::new(text.as_bytes()).last().expect("rows");
            assert!(matches!(last, Err(Broken::OpenQuote { line: 3 })), "{text:?}: {last:?}");
        }
    }

    #[test]
    fn a_quote_closed_at_the_very_end_is_not_open() {
        assert_eq!(rows(b"a\n\"2\"").len(), 2);
        assert_eq!(rows(b"a\n\"\"").len(), 2);
    }

    #[test]
    fn nothing_has_no_rows() {
        for nothing in ["", "\n\r\n", "\u{feff}", "\u{feff}\n"] {
            assert_eq!(rows(nothing.as_bytes()), [], "{nothing:?}");
        }
    }
}
