//! Runs over what the sparse index lists as due.
//!
//! The index may lag, so whoever works through it reads each item before
//! touching it, and writes under the condition that it still is as it was read.
//! Then two runs at once, or one that is cut off, do no harm.

use std::time::Duration;

use domain::{Error, Result};
use futures::{StreamExt, stream};
use retry::deadline;

use crate::item::Item;
use crate::keys::{INDEX_SHARDS, Key};
use crate::table::{Due, Table};

/// Items that one run works on at once: they may share what they write, and
/// their transactions then collide.
const AT_ONCE: usize = 4;
/// Nothing is begun when less than this is left.
const RESERVE: Duration = Duration::from_secs(2);

/// A list in the index, up to what is due.
pub(crate) struct DueList {
    /// What is read, for the counts by operation name.
    pub(crate) operation: &'static str,
    /// The list's partition of a shard.
    pub(crate) partition: fn(u8) -> String,
    /// The last sort key that is due.
    pub(crate) until: String,
}

/// What became of one item, or of a shard that could not be read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End<T> {
    /// As the work says.
    Done(T),
    /// It failed; the next run tries it again.
    Failed,
    /// There was no time for it, or others wrote it all the time.
    Unfinished,
}

impl DueList {
    /// Works through the list until the deadline at most; `note` hears of each end.
    pub(crate) async fn work_through<T, F>(
        &self,
        table: &Table,
        work: impl Fn(Key) -> F,
        mut note: impl FnMut(End<T>),
    ) where
        F: Future<Output = Result<T>>,
    {
        for shard in shards() {
            let mut from = None;
            loop {
                from = self.work_through_page(table, shard, from, &work, &mut note).await;
                if from.is_none() {
                    break;
                }
            }
        }
    }

    /// Where the next page begins; none if that was the last, or cannot be gone past.
    async fn work_through_page<T, F>(
        &self,
        table: &Table,
        shard: u8,
        from: Option<Item>,
        work: &impl Fn(Key) -> F,
        note: &mut impl FnMut(End<T>),
    ) -> Option<Item>
    where
        F: Future<Output = Result<T>>,
    {
        if deadline::is_nearer_than(RESERVE) {
            note(End::Unfinished);
            return None;
        }
        match self.page(table, shard, from).await {
            Ok((keys, next)) => {
                let mut ends = stream::iter(keys).map(|key| end(key, work)).buffer_unordered(AT_ONCE);
                while let Some(end) = ends.next().await {
                    note(end);
                }
                next
            }
            Err(error) => {
                let (list, error) = (self.operation, &error as &dyn std::error::Error);
                tracing::error!(list, shard, error, "what is due could not be read");
                note(End::Failed);
                None
            }
        }
    }

    async fn page(&self, table: &Table, shard: u8, after: Option<Item>) -> Result<(Vec<Key>, Option<Item>)> {
        let partition = (self.partition)(shard);
        table.due(self.operation, Due { partition: &partition, until: &self.until, after }).await
    }
}

async fn end<T, F: Future<Output = Result<T>>>(key: Key, work: &impl Fn(Key) -> F) -> End<T> {
    if deadline::is_nearer_than(RESERVE) {
        return End::Unfinished;
    }
    match work(key.clone()).await {
        Ok(done) => End::Done(done),
        Err(Error::Busy) => End::Unfinished,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(item = key.pk, error, "what is due could not be done");
            End::Failed
        }
    }
}

/// All shards, from any one on: a run that is always cut off would else never
/// come to the last ones, and two runs at once would do the same work.
fn shards() -> impl Iterator<Item = u8> {
    let first = fastrand::u8(..INDEX_SHARDS);
    (0..INDEX_SHARDS).map(move |shard| (first + shard) % INDEX_SHARDS)
}
