//! The account of every row: its fate, and why.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use csv::Writer;

use super::fate::Fate;
use super::line::Line;

/// Rows by the line on which they begin. A later fate replaces an earlier one:
/// what was ordered may yet be cancelled.
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<u64, Account>);

#[derive(Debug)]
struct Account {
    fate: Fate,
    detail: String,
}

impl Ledger {
    pub(super) fn note(&mut self, row: u64, fate: Fate, detail: &str) {
        self.0.insert(row, Account { fate, detail: detail.to_owned() });
    }

    pub(super) fn note_all(&mut self, lines: &[Line], fate: Fate, detail: &str) {
        for line in lines {
            self.note(line.row, fate, detail);
        }
    }

    pub(super) fn fates(&self) -> impl Iterator<Item = (u64, Fate)> {
        self.0.iter().map(|(row, account)| (*row, account.fate))
    }

    /// Rows by fate.
    pub(super) fn counts(&self) -> BTreeMap<Fate, u64> {
        let mut counts = BTreeMap::new();
        for (_, fate) in self.fates() {
            *counts.entry(fate).or_default() += 1;
        }
        counts
    }

    /// Lists every row that became no part of an order, over an earlier list.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        self.write_rows(path).with_context(|| format!("the report {} cannot be written", path.display()))
    }

    fn write_rows(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut report = Writer::from_path(path)?;
        report.write_record(["line", "reason", "detail"])?;
        for (row, Account { fate, detail }) in self.0.iter().filter(|(_, account)| !account.fate.is_ordered())
        {
            report.write_record([&row.to_string(), fate.text(), detail])?;
        }
        Ok(report.flush()?)
    }
}
