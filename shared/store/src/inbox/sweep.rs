//! Events that were left undecided: by a crash, a time-out, or a mapping whose
//! retries ran out.

use domain::Result;
use jiff::{SignedDuration, Timestamp};
use monitoring::Count;

use super::{Decision, Outcome};
use crate::Store;
use crate::due::{DueList, End};
use crate::keys::{self, Key};

/// An event that came so recently is left to the stream, which is faster.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// What one run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sweep {
    /// Events that were applied.
    pub applied: u64,
    /// Events that mean nothing to the shop.
    pub ignored: u64,
    /// Events of which nothing could be made: noted so, for a person to look at.
    pub failed: u64,
    /// Events that the index listed and that were decided before.
    pub skipped: u64,
    /// Events and shards of the index that went wrong; the next run tries them again.
    pub errors: u64,
    /// Events that others wrote all the time, and events and shards that there
    /// was no time for.
    pub unfinished: u64,
}

impl Store {
    /// Decides the events that came a while ago and are undecided, until the
    /// deadline at most.
    pub async fn sweep_events(&self, now: Timestamp) -> Sweep {
        let due = DueList {
            operation: "list undecided events",
            partition: keys::undecided_partition,
            until: keys::due_until(now - GRACE),
        };
        let mut sweep = Sweep::default();
        due.work_through(&self.table, |key| self.try_sweep(key, now), |end| sweep.count(&end)).await;
        self.monitoring.count(Count::WebhooksUnapplied, sweep.errors + sweep.unfinished);
        sweep
    }

    async fn try_sweep(&self, key: Key, now: Timestamp) -> Result<Decision> {
        match self.table.get("read event", key).await? {
            Some(item) => self.apply_event_item(item, now).await,
            None => Ok(Decision::Before),
        }
    }
}

impl Sweep {
    fn count(&mut self, end: &End<Decision>) {
        let count = match end {
            End::Done(Decision::Now { outcome: Outcome::Applied, .. }) => &mut self.applied,
            End::Done(Decision::Now { outcome: Outcome::Ignored, .. }) => &mut self.ignored,
            End::Done(Decision::Now { outcome: Outcome::Failed, .. }) => &mut self.failed,
            End::Done(Decision::Before) => &mut self.skipped,
            End::Failed => &mut self.errors,
            End::Unfinished => &mut self.unfinished,
        };
        *count += 1;
    }
}
