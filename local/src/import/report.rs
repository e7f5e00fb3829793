//! The report: one line for each thing that was not taken, and why.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use csv::Writer;

use super::refusal::Refusal;

/// Writes the report over the last one, ordered by line.
pub(super) fn write(path: &Path, refusals: &[Refusal]) -> Result<()> {
    let mut ordered: Vec<_> = refusals.iter().collect();
    ordered.sort_by_key(|refusal| refusal.line);
    lines(path, &ordered).with_context(|| format!("the report {} cannot be written", path.display()))
}

fn lines(path: &Path, refusals: &[&Refusal]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut report = Writer::from_path(path)?;
    report.write_record(["line", "stock_code", "reason", "detail"])?;
    for refusal in refusals {
        let (line, reason) = (refusal.line.to_string(), refusal.reason.to_string());
        report.write_record([&line, &refusal.code, &reason, &refusal.detail])?;
    }
    Ok(report.flush()?)
}

#[cfg(test)]
mod tests {
    use super::super::refusal::Reason;
    use super::*;

    #[test]
    fn the_report_lists_line_code_reason_and_what_was_found() {
        let refusal = |line, code: &str, reason, detail: &str| Refusal {
            line,
            code: code.into(),
            reason,
            detail: detail.into(),
        };
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("deep/report.csv");
        let refusals = [
            refusal(9, "70001", Reason::InvalidPrice, "2,50"),
            refusal(3, "POST", Reason::NotAProduct, "POST"),
        ];
        write(&path, &refusals).expect("writable");
        assert_eq!(
            fs::read_to_string(&path).expect("written"),
            "line,stock_code,reason,detail\n\
             3,POST,stock code is of no product,POST\n\
             9,70001,price cannot be read,\"2,50\"\n"
        );
    }

    #[test]
    fn a_report_that_cannot_be_written_says_where() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let error = write(folder.path(), &[]).expect_err("a folder is no file");
        assert!(error.to_string().contains(&folder.path().display().to_string()));
    }
}
