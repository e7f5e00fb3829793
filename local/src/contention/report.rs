//! What came of the rush.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::buyer::Decision;

/// Counted by the buyers, read back from the shop, and seen on the way to the table.
#[derive(Debug)]
pub struct Report {
    pub(super) buyers: usize,
    pub(super) pieces: i64,
    pub(super) took: Duration,
    pub(super) transactions: u64,
    pub(super) conflicts: u64,
    /// Pieces in all orders, by product.
    pub(super) sold: Vec<i64>,
    /// Pieces left, by product.
    pub(super) left: Vec<i64>,
    pub(super) decisions: Vec<Decision>,
}

impl Report {
    /// Orders that were placed.
    pub fn created(&self) -> usize {
        self.count(|status| status == Some(StatusCode::CREATED))
    }

    /// Buyers who were told that there is too little.
    pub fn refused(&self) -> usize {
        self.count(|status| status == Some(StatusCode::CONFLICT))
    }

    /// Times that orders were sent again by their buyers.
    pub fn retries(&self) -> u64 {
        self.decisions.iter().map(|decision| u64::from(decision.retries)).sum()
    }

    /// Whether exactly what was there was sold, and everybody else refused.
    pub fn is_exact(&self) -> bool {
        let pieces = usize::try_from(self.pieces).unwrap_or(usize::MAX);
        self.created() == pieces.min(self.buyers)
            && self.created() + self.refused() == self.buyers
            && self.sold.iter().zip(&self.left).all(|(sold, left)| sold + left == self.pieces && *left >= 0)
    }

    fn count(&self, wanted: impl Fn(Option<StatusCode>) -> bool) -> usize {
        self.decisions.iter().filter(|decision| wanted(decision.status)).count()
    }

    /// So many percent of the buyers had their answer after this long.
    fn percentile(&self, percent: usize) -> Duration {
        let mut times: Vec<_> = self.decisions.iter().map(|decision| decision.took).collect();
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(rank).copied().unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let other = self.buyers - self.created() - self.refused();
        let seconds = |time: Duration| format!("{}.{:03} s", time.as_secs(), time.subsec_millis());
        writeln!(f, "{} buyers, {} product(s) of {} pieces", self.buyers, self.left.len(), self.pieces)?;
        writeln!(f, "  created        {}", self.created())?;
        writeln!(f, "  refused (409)  {}", self.refused())?;
        writeln!(f, "  other answers  {other}")?;
        writeln!(f, "  pieces sold    {:?}", self.sold)?;
        writeln!(f, "  stock left     {:?}", self.left)?;
        writeln!(f, "  buyer retries  {}", self.retries())?;
        writeln!(f, "  transactions   {}, of which {} conflicted", self.transactions, self.conflicts)?;
        let (p50, p95) = (seconds(self.percentile(50)), seconds(self.percentile(95)));
        writeln!(f, "  time           {} in all; a buyer's p50 {p50}, p95 {p95}", seconds(self.took))?;
        write!(f, "  {}", if self.is_exact() { "exact" } else { "NOT EXACT" })
    }
}
