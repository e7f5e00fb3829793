//! Events of which nothing could be made, for a person to look at.

use domain::{Error, EventKey, Result};
use jiff::Timestamp;

use crate::Store;
use crate::due::{DueList, End};
use crate::keys::{self, Key};

/// The events that have failed and came to nothing else since, as the index knows
/// them, which may lag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedEvents {
    /// Which ones, in the order of their names.
    pub events: Vec<EventKey>,
    /// Whether these are all: not if the time was over, or a part of the index
    /// could not be read.
    pub complete: bool,
}

impl Store {
    /// Lists the events that have failed.
    pub async fn failed_events(&self, now: Timestamp) -> FailedEvents {
        let list = DueList {
            operation: "list failed events",
            partition: keys::failed_partition,
            until: keys::due_until(now),
        };
        let mut failed = FailedEvents { events: Vec::new(), complete: true };
        list.work_through(&self.table, named, |end| failed.add(end)).await;
        failed.events.sort_unstable();
        failed
    }
}

async fn named(key: Key) -> Result<EventKey> {
    keys::event_of(&key).ok_or_else(|| Error::corrupt("event", "its key in the index"))
}

impl FailedEvents {
    fn add(&mut self, end: End<EventKey>) {
        match end {
            End::Done(event) => self.events.push(event),
            End::Failed | End::Unfinished => self.complete = false,
        }
    }
}
