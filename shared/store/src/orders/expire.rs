//! Orders that nobody paid in time.
//!
//! The index lists pending orders by the time at which they expire, and it may
//! lag; so each order is read before it is touched, and called off under the
//! condition that it still is as it was read. Two runs at once call off each
//! order once.

use std::time::Duration;

use domain::{Error, Order, Result};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use retry::deadline;
use tokio::time::Instant;

use crate::Store;
use crate::item::from_item;
use crate::keys::{self, Key};
use crate::table::Due;

/// Index entries that one run reads of a shard: more come with the next run.
const BATCH: usize = 1_000;
/// Orders that one run calls off at once: they may share products, whose
/// transactions then collide.
const AT_ONCE: usize = 4;
/// No order is begun when less than this is left.
const RESERVE: Duration = Duration::from_secs(2);

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

/// What became of one order.
#[derive(Clone, Copy, Debug)]
enum End {
    Expired,
    Skipped,
    Failed,
    Unfinished,
}

impl Store {
    /// Calls off the orders whose time is over, until the deadline at most.
    pub async fn expire_orders(&self, now: Timestamp) -> Expiry {
        let mut expiry = Expiry::default();
        for shard in shards() {
            if is_late() {
                expiry.unfinished += 1;
                continue;
            }
            match self.due_orders(shard, now).await {
                Ok(due) => self.expire_all(due, now, &mut expiry).await,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(shard, error, "orders that are due could not be read");
                    expiry.failed += 1;
                }
            }
        }
        expiry
    }

    async fn due_orders(&self, shard: u8, now: Timestamp) -> Result<Vec<Key>> {
        let (partition, until) = (keys::unpaid_partition(shard), keys::unpaid_until(now));
        let due = Due { partition: &partition, until: &until, limit: BATCH };
        self.table.due("list due orders", &due).await
    }

    async fn expire_all(&self, due: Vec<Key>, now: Timestamp, expiry: &mut Expiry) {
        let mut ends = stream::iter(due).map(|key| self.expire(key, now)).buffer_unordered(AT_ONCE);
        while let Some(end) = ends.next().await {
            expiry.count(end);
        }
    }

    async fn expire(&self, key: Key, now: Timestamp) -> End {
        if is_late() {
            return End::Unfinished;
        }
        match self.try_expire(key.clone(), now).await {
            Ok(true) => End::Expired,
            Ok(false) => End::Skipped,
            Err(Error::Busy) => End::Unfinished,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(order = key.pk, error, "an order could not be expired");
                End::Failed
            }
        }
    }

    async fn try_expire(&self, key: Key, now: Timestamp) -> Result<bool> {
        let Some(item) = self.table.get("read order to expire", key).await? else { return Ok(false) };
        let order: Order = from_item("order", item)?;
        match order.expired(now) {
            Some(expired) => self.call_off("expire order", &order, &expired, now).await,
            None => Ok(false),
        }
    }
}

impl Expiry {
    fn count(&mut self, end: End) {
        let count = match end {
            End::Expired => &mut self.expired,
            End::Skipped => &mut self.skipped,
            End::Failed => &mut self.failed,
            End::Unfinished => &mut self.unfinished,
        };
        *count += 1;
    }
}

/// Whether too little time is left to begin anything.
fn is_late() -> bool {
    deadline::current().is_some_and(|end| Instant::now() + RESERVE > end)
}

/// All shards, from any one on: a run that is always cut off would else never
/// come to the last ones, and two runs at once would do the same work.
fn shards() -> impl Iterator<Item = u8> {
    let first = fastrand::u8(..keys::UNPAID_SHARDS);
    (0..keys::UNPAID_SHARDS).map(move |shard| (first + shard) % keys::UNPAID_SHARDS)
}
