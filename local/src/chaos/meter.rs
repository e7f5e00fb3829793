//! What was asked and how it ended, counted by all who act.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Counts for all; clones are the same meter.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    troubled: AtomicBool,
    tally: Mutex<Tally>,
}

/// What was counted so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// How often, by what was asked and how it ended.
    pub(super) outcomes: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// How often requests were sent again.
    pub(super) retries: u64,
    /// How long requests took that began while no faults were played.
    pub(super) quiet: Vec<Duration>,
    /// How long the others took.
    pub(super) troubled: Vec<Duration>,
}

impl Tally {
    /// Failures that no caller was asked to come again for: there are to be none.
    pub(super) fn failures(&self) -> impl Iterator<Item = String> {
        let all = self.outcomes.iter().flat_map(|(what, ends)| ends.keys().map(move |end| (what, end)));
        all.filter(|(_, end)| end.starts_with('5')).map(|(what, end)| format!("{what} was answered {end}"))
    }
}

impl Meter {
    /// From now on faults are played, or not.
    pub(super) fn set_troubled(&self, troubled: bool) {
        self.0.troubled.store(troubled, Ordering::Relaxed);
    }

    pub(super) fn is_troubled(&self) -> bool {
        self.0.troubled.load(Ordering::Relaxed)
    }

    /// Something ended so.
    pub(super) fn count(&self, what: &'static str, outcome: impl Into<String>) {
        self.count_many(what, outcome, 1);
    }

    pub(super) fn count_many(&self, what: &'static str, outcome: impl Into<String>, times: u64) {
        *self.tally().outcomes.entry(what).or_default().entry(outcome.into()).or_default() += times;
    }

    /// A request was decided, or given up, so long after it was first sent.
    pub(super) fn took(&self, began_troubled: bool, time: Duration, retries: u32) {
        let mut tally = self.tally();
        tally.retries += u64::from(retries);
        if began_troubled { tally.troubled.push(time) } else { tally.quiet.push(time) }
    }

    pub(super) fn so_far(&self) -> Tally {
        self.tally().clone()
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.tally.lock().expect("nothing panics while it holds this lock")
    }
}
