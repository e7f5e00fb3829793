//! Orders that nobody paid in time.

use domain::{Order, Result};
use jiff::Timestamp;
use monitoring::Count;

use crate::Store;
use crate::due::{DueList, End};
use crate::item::from_item;
use crate::keys::{self, Key};

/// What one run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Expiry {
    /// Orders that were called off.
    pub expired: u64,
    /// Orders that the index listed and that were not due, not pending any more,
    /// or moved meanwhile.
    pub skipped: u64,
    /// Orders and shards that failed; the next run tries them again.
    pub failed: u64,
    /// Orders that others wrote all the time, and orders and shards that there
    /// was no time for.
    pub unfinished: u64,
}

impl Store {
    /// Calls off the orders whose time is over, until the deadline at most.
    pub async fn expire_orders(&self, now: Timestamp) -> Expiry {
        let due = DueList {
            operation: "list due orders",
            partition: keys::unpaid_partition,
            until: keys::due_until(now),
        };
        let mut expiry = Expiry::default();
        due.work_through(&self.table, |key| self.try_expire(key, now), |end| expiry.count(end)).await;
        expiry
    }

    /// Whether it was due still.
    async fn try_expire(&self, key: Key, now: Timestamp) -> Result<bool> {
        let Some(item) = self.table.get("read order to expire", key).await? else { return Ok(false) };
        let order: Order = from_item("order", item)?;
        let Some(expired) = order.expired(now) else { return Ok(false) };
        let done = self.call_off("expire order", &order, &expired, now).await?;
        self.monitoring.count(Count::OrdersExpired, done.into());
        Ok(done)
    }
}

impl Expiry {
    fn count(&mut self, end: End<bool>) {
        let count = match end {
            End::Done(true) => &mut self.expired,
            End::Done(false) => &mut self.skipped,
            End::Failed => &mut self.failed,
            End::Unfinished => &mut self.unfinished,
        };
        *count += 1;
    }
}
