//! What scripts/bench shows: one line of JSON a row.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

/// What may be asked of a row.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    None,
    /// How many times the bare function's cost ours may have.
    Ratio(f64),
    /// What ours may cost, whatever the bare function does.
    Most(u64),
}

/// What something cost ours, and what it cost the bare function.
#[derive(Clone, Copy)]
pub(crate) struct Pair<T> {
    pub(crate) ours: T,
    pub(crate) bare: T,
}

impl<T> Pair<T> {
    pub(crate) fn map<U>(self, f: impl Fn(T) -> U) -> Pair<U> {
        Pair { ours: f(self.ours), bare: f(self.bare) }
    }

    pub(crate) fn as_ref(&self) -> Pair<&T> {
        Pair { ours: &self.ours, bare: &self.bare }
    }
}

pub(crate) fn tell(name: &str, cost: Pair<u64>, limit: Limit) {
    let (ratio, most) = match limit {
        Limit::None => (None, None),
        Limit::Ratio(ratio) => (Some(ratio), None),
        Limit::Most(most) => (None, Some(most)),
    };
    let row = json!({"name": name, "ours": cost.ours, "other": cost.bare, "limit": ratio, "most": most});
    println!("{row}");
}

/// How long each of many took, in microseconds.
#[derive(Default)]
pub(crate) struct Times(Vec<u64>);

impl Times {
    pub(crate) fn add(&mut self, took: Duration) -> Result<()> {
        self.0.push(took.as_micros().try_into()?);
        Ok(())
    }

    /// So many hundredths of them took no longer.
    pub(crate) fn percentile(&self, hundredths: usize) -> u64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() * hundredths).div_ceil(100) - 1]
    }
}
