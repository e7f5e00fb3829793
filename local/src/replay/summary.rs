//! What a replay did and found, as a table for a person.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::HumanCount;

use super::check::Check;
use super::checks::standing;
use super::fate::Fate;
use super::invoices::Invoice;
use super::readback::Shop;
use super::walk::{Tally, Walk};
use crate::retail::Kind;

/// What a replay did and found.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Rows of the file by what became of them; all rows together.
    pub fates: BTreeMap<Fate, u64>,
    /// What was compared in the end.
    pub checks: Vec<Check>,
    /// Orders that were acknowledged.
    pub orders: u64,
    /// Those of them that were cancelled.
    pub cancelled: u64,
    /// Users who bought something.
    pub customers: u64,
    /// From the first byte read to the last comparison.
    pub took: Duration,
    /// Where each row is listed that became no part of an order.
    pub report: PathBuf,
    invoices: u64,
    sales: u64,
    tally: Tally,
    pieces: i64,
    /// In pence: the catalogue is priced in pounds.
    worth: i64,
}

pub(super) fn of(
    invoices: &[Invoice],
    walk: &Walk<'_>,
    shop: &Shop,
    checks: Vec<Check>,
    took: Duration,
    report: PathBuf,
) -> Summary {
    Summary {
        fates: walk.ledger.counts(),
        checks,
        orders: walk.orders.len() as u64,
        customers: walk.customers.iter().len() as u64,
        took,
        report,
        invoices: invoices.len() as u64,
        sales: invoices.iter().filter(|invoice| invoice.kind == Kind::Sale).count() as u64,
        cancelled: walk.orders.values().filter(|status| status.is_called_off()).count() as u64,
        tally: walk.tally,
        pieces: standing(shop).map(|(_, item)| item.quantity.get()).sum(),
        worth: standing(shop).map(|(_, item)| item.line_total.amount()).sum(),
    }
}

impl Summary {
    /// Checks that do not hold.
    pub fn failed(&self) -> usize {
        self.checks.iter().filter(|check| !check.holds()).count()
    }

    fn rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "rows read", self.fates.values().sum())?;
        self.fates.iter().try_for_each(|(fate, rows)| line(f, &format!("  {fate}"), *rows))
    }

    fn invoices(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { split, refused, whole, part, nothing } = self.tally;
        line(f, "invoices replayed", self.invoices)?;
        line(f, "  sales", self.sales)?;
        line(f, "    split into several orders", split)?;
        line(f, "    with nothing to order", refused)?;
        line(f, "  cancellations", self.invoices - self.sales)?;
        line(f, "    of a whole sale", whole)?;
        line(f, "    of a part of a sale", part)?;
        line(f, "    of no sale of this file", nothing)
    }

    fn orders(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "customers", self.customers)?;
        line(f, "orders", self.orders)?;
        line(f, "  cancelled", self.cancelled)?;
        entry(f, "pieces in standing orders", &HumanCount(self.pieces.unsigned_abs()).to_string())?;
        entry(f, "worth of standing orders, pounds", &pounds(self.worth))
    }

    fn checks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<46} {:>9} {:>11}", "check", "compared", "differences")?;
        for Check { what, compared, differences } in &self.checks {
            let [compared, wrong] =
                [compared, &differences.len()].map(|count| HumanCount(*count as u64).to_string());
            writeln!(f, "  {what:<44} {compared:>9} {wrong:>11}")?;
            differences.iter().try_for_each(|difference| writeln!(f, "    {difference}"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows(f)?;
        self.invoices(f)?;
        self.orders(f)?;
        entry(f, "seconds", &format!("{:.1}", self.took.as_secs_f64()))?;
        self.checks(f)?;
        write!(f, "rows that became no part of an order: {}", self.report.display())
    }
}

fn pounds(pence: i64) -> String {
    format!("{}.{:02}", HumanCount(pence.unsigned_abs() / 100), pence.unsigned_abs() % 100)
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, count: u64) -> fmt::Result {
    entry(f, what, &HumanCount(count).to_string())
}

fn entry(f: &mut fmt::Formatter<'_>, what: &str, value: &str) -> fmt::Result {
    writeln!(f, "{what:<46} {value:>9}")
}
