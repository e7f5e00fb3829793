//! What came of it all.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::meter::Tally;
use super::table::Table;
use super::{Options, SHOPPERS};
use crate::faults::Counts;

/// Counted by everyone, seen on the way to the table, and found in the books.
#[derive(Debug)]
pub struct Report {
    seed: u64,
    time: Duration,
    tally: Tally,
    faults: Counts,
    orders: BTreeMap<&'static str, u64>,
    /// All that does not add up, in words.
    pub wrong: Vec<String>,
}

impl Report {
    pub(super) fn new(
        options: &Options,
        tally: Tally,
        faults: Counts,
        table: &Table,
        wrong: Vec<String>,
    ) -> Self {
        let mut orders = BTreeMap::new();
        for order in table.orders.values() {
            *orders.entry(order.status.as_str()).or_default() += 1;
        }
        Self { seed: options.seed, time: options.time, tally, faults, orders, wrong }
    }

    /// Orders in the table.
    pub fn orders(&self) -> u64 {
        self.orders.values().sum()
    }

    /// Faults on the way to the table, conflicts of transactions among them.
    pub fn faults(&self) -> u64 {
        self.faults.faults() + self.faults.conflicts
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {SHOPPERS} shoppers, {} s", self.seed, self.time.as_secs())?;
        writeln!(f, "  requests and what came of them")?;
        for (what, outcomes) in &self.tally.outcomes {
            writeln!(f, "    {what:<21} {}", listed(outcomes))?;
        }
        writeln!(f, "    sent again            {}", self.tally.retries)?;
        writeln!(f, "  time to the decision")?;
        writeln!(f, "    begun in quiet        {}", times(&self.tally.quiet))?;
        writeln!(f, "    begun in trouble      {}", times(&self.tally.troubled))?;
        writeln!(f, "  faults on the way to the table")?;
        writeln!(f, "    injected              {}", listed(&self.faults.injected))?;
        writeln!(f, "    conflicts             {}", self.faults.conflicts)?;
        writeln!(f, "  orders in the end       {}", listed(&self.orders))?;
        for wrong in &self.wrong {
            writeln!(f, "  WRONG: {wrong}")?;
        }
        match self.wrong.len() {
            0 => write!(f, "  every order is accounted for"),
            found => write!(f, "  {found} thing(s) wrong, with seed {}", self.seed),
        }
    }
}

fn listed<K: fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    let counts: Vec<_> = counts.iter().map(|(name, count)| format!("{name}: {count}")).collect();
    counts.join(", ")
}

fn times(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| {
        let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(rank).copied().unwrap_or_default().as_millis()
    };
    format!("{} requests, p50 {} ms, p95 {} ms", sorted.len(), at(50), at(95))
}
