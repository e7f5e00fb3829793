//! What an import did, as a table for a person.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::HumanCount;

use super::refusal::{Reason, Refusal};
use super::tally::Products;

/// What an import did.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Rows of the file, without its header.
    pub rows_read: u64,
    /// Rows that had a say in a product.
    pub rows_used: u64,
    /// What became of the products.
    pub products: Products,
    /// From the first byte read to the last product written.
    pub took: Duration,
    /// Where every refusal is listed.
    pub report: PathBuf,
    pub(super) refused: BTreeMap<Reason, u64>,
}

impl Summary {
    /// Rows that were refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (String, u64)> {
        self.refused.iter().map(|(reason, rows)| (reason.to_string(), *rows))
    }
}

/// Counts refusals of rows by their reason.
pub(super) fn by_reason(refusals: &[Refusal]) -> BTreeMap<Reason, u64> {
    let mut counts = BTreeMap::new();
    for refusal in refusals {
        *counts.entry(refusal.reason).or_default() += 1;
    }
    counts
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "rows read", self.rows_read)?;
        line(f, "rows used", self.rows_used)?;
        line(f, "rows refused", self.refused.values().sum())?;
        for (reason, rows) in self.refused() {
            line(f, &format!("  {reason}"), rows)?;
        }
        let Products { created, updated, unchanged, left_alone, refused, stocked } = self.products;
        line(f, "products", self.products.done())?;
        line(f, "  created", created)?;
        line(f, "  updated", updated)?;
        line(f, "  unchanged", unchanged)?;
        line(f, "  left alone (archived)", left_alone)?;
        line(f, "  refused by the API", refused)?;
        line(f, "opening stock brought in", stocked)?;
        writeln!(f, "{:<34} {:>9}", "seconds", format!("{:.1}", self.took.as_secs_f64()))?;
        write!(f, "report: {}", self.report.display())
    }
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, count: u64) -> fmt::Result {
    writeln!(f, "{what:<34} {:>9}", HumanCount(count).to_string())
}
