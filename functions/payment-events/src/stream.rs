//! A batch of the stream: events that have just been kept.

use std::time::Duration;

use anyhow::{Result, bail};
use api::{Batch, BatchResponse, Record};
use futures::{StreamExt, stream};
use retry::deadline;
use store::TableChange;

use crate::PaymentEvents;

/// Events that are applied at once; those of one order wait for each other by
/// the retries of their transactions.
const AT_ONCE: usize = 8;
/// No event is begun when less than this is left: what is cut off in the middle
/// is done right all the same, but costs the whole batch a time-out.
const RESERVE: Duration = Duration::from_secs(3);

impl PaymentEvents {
    /// Applies each event on its own. What failed is told to Lambda, which brings
    /// it again; the sweep finds what Lambda gave up.
    pub(crate) async fn apply_batch(&self, batch: Batch) -> BatchResponse {
        let ends = stream::iter(batch.records()).map(|record| self.apply(record)).buffered(AT_ONCE);
        let failed: Vec<Option<String>> = ends.collect().await;
        BatchResponse::of_failures(failed.into_iter().flatten())
    }

    /// Its sequence number, if it has to come again.
    async fn apply(&self, record: Record) -> Option<String> {
        let sequence_number = record.sequence_number.clone();
        match self.try_apply(record).await {
            Ok(()) => None,
            Err(error) => {
                let cause = format!("{error:#}");
                tracing::warn!(sequence_number, cause, "an event could not be applied yet");
                Some(sequence_number)
            }
        }
    }

    async fn try_apply(&self, record: Record) -> Result<()> {
        if deadline::is_nearer_than(RESERVE) {
            bail!("there was no time for it");
        }
        let change = record.change?;
        let kept = TableChange::new(change.old_image, change.new_image)?.into_new();
        let Some(event) = kept else { return Ok(()) }; // the mapping's filter lets none through
        self.store.apply_event_item(event, api::now()).await?;
        Ok(())
    }
}
