//! Makes the cache forget what the table's stream says has changed.
//!
//! Each writer does so itself, before it answers. This is the second telling,
//! for a writer that was cut off in between, or whose cache did not acknowledge:
//! so what is stale for that reason is so for seconds, not for its time to live.
//! A batch comes again until the cache has acknowledged all of it.

use anyhow::Result;
use api::{Batch, BatchResponse, Record};
use monitoring::Monitoring;
use serde_json::Value;
use store::{Store, TableChange};

/// The function.
#[derive(Clone, Debug)]
pub struct Invalidator {
    store: Store,
}

impl Invalidator {
    /// Sets it up from the variables of an environment.
    ///
    /// # Errors
    /// When a setting is missing or makes no sense.
    pub fn new(variable: &impl Fn(&str) -> Option<String>, monitoring: &Monitoring) -> Result<Self> {
        Ok(Self { store: Store::open(&store::Config::read(variable)?, monitoring)? })
    }

    /// One batch, in one round trip to the cache.
    ///
    /// # Errors
    /// When the event is no batch of a stream.
    pub async fn handle(self, event: Value) -> Result<BatchResponse> {
        let records = Batch::read(event)?.records();
        let first = records.first().map(|record| record.sequence_number.clone());
        let changes: Vec<_> = records.into_iter().filter_map(change).collect();
        if self.store.forget_changes(&changes).await {
            tracing::debug!(records = changes.len(), "the cache was told of a batch");
            return Ok(BatchResponse::default());
        }
        tracing::warn!(records = changes.len(), "the cache did not acknowledge; the batch has to come again");
        Ok(BatchResponse::of_failures(first))
    }
}

/// A record that cannot be read is passed over: it would not be readable the next
/// time, and all that come after it would wait.
fn change(record: Record) -> Option<TableChange> {
    let sequence_number = record.sequence_number;
    let read = record.change.map_err(anyhow::Error::new);
    let read = read.and_then(|change| Ok(TableChange::new(change.old_image, change.new_image)?));
    read.inspect_err(|error| {
        let cause = format!("{error:#}");
        tracing::error!(sequence_number, cause, "a record of the stream cannot be read");
    })
    .ok()
}
