//! One mapping at work: reads, skips what no filter wants, and hands on batch
//! after batch.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::Surroundings;
use super::batch::Waiting;
use super::checkpoint::Checkpoint;
use super::delivery::Delivery;
use super::filter::Filters;
use super::queue::Queue;
use super::record::Record;
use super::source::{PAGE, Position, Reader, Stream};
use crate::gate::Backend;
use crate::invoke::Invoker;
use crate::template::StreamMapping;

/// How often a stream is asked for more that has none.
const POLL_EVERY: Duration = Duration::from_millis(100);
/// Before a stream is asked again that could not be read.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// One mapping, ready to run.
pub(super) struct Pump {
    reader: Reader,
    filters: Filters,
    waiting: Waiting,
    /// The last record that was read, if no filter wants it.
    skipped: Option<String>,
    delivery: Delivery,
}

impl Pump {
    /// From now on nothing is missed: a mapping that never ran keeps where it
    /// begins, because it may be killed before its first batch.
    pub(super) async fn prepare(
        surroundings: &Surroundings,
        stream: Stream,
        invoker: Invoker,
        mapping: StreamMapping,
        function: Backend,
    ) -> Result<Self> {
        let filters = Filters::parse(&mapping.filters)?;
        let queue = mapping.on_failure.as_deref();
        let queue = queue.map(|id| Queue::new(&surroundings.state, id)).transpose()?;
        let checkpoint = checkpoint(surroundings, &mapping.name, stream.arn())?;
        let position = match checkpoint.read()? {
            Some(position) => position,
            None => stream.position(mapping.starting_position).await?,
        };
        checkpoint.save(&position);
        let reader = stream.read_from(&position).await?;
        let waiting = Waiting::new(mapping.batch_size);
        let delivery = Delivery { mapping, function, invoker, stream, checkpoint, queue };
        Ok(Self { reader, filters, waiting, skipped: None, delivery })
    }

    /// Runs until it is aborted.
    pub(super) async fn run(mut self) {
        loop {
            let batch = self.next_batch().await;
            self.delivery.deliver(&batch).await;
            self.pass_over_skipped();
        }
    }

    /// Returns with a full batch; with any, when there is no more to read and
    /// its first record has waited for the batching window.
    async fn next_batch(&mut self) -> Vec<Record> {
        let window = self.delivery.mapping.batching_window;
        let mut since = None;
        while !self.waiting.is_full() {
            let is_more = self.read().await;
            let mut left = POLL_EVERY;
            if !self.waiting.is_empty() {
                left = left.min(window.saturating_sub(since.get_or_insert_with(Instant::now).elapsed()));
            }
            if is_more {
                continue;
            }
            if left.is_zero() {
                break;
            }
            sleep(left).await;
        }
        self.waiting.take()
    }

    /// Reads a page; whether there may be more at once.
    async fn read(&mut self) -> bool {
        let page = match self.reader.page().await {
            Ok(page) => page,
            Err(error) => {
                let mapping = &self.delivery.mapping.name;
                tracing::warn!(mapping, "the stream could not be read: {error:#}");
                sleep(READ_AGAIN_AFTER).await;
                return false;
            }
        };
        let is_more = page.len() == PAGE;
        for record in page {
            self.sort(record);
        }
        self.pass_over_skipped();
        is_more
    }

    fn sort(&mut self, record: Record) {
        if self.filters.pass(&record.payload) {
            self.skipped = None;
            self.waiting.add(record);
        } else {
            self.skipped = Some(record.sequence_number);
        }
    }

    /// Skipped records are done with once those before them are.
    fn pass_over_skipped(&mut self) {
        if self.waiting.is_empty()
            && let Some(last) = self.skipped.take()
        {
            self.delivery.checkpoint.save(&Position::After(last));
        }
    }
}

fn checkpoint(surroundings: &Surroundings, mapping: &str, stream: &str) -> Result<Checkpoint> {
    if surroundings.in_memory {
        return Ok(Checkpoint::none(stream));
    }
    Checkpoint::in_folder(&surroundings.state, mapping, stream)
}
