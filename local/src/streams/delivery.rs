//! Brings one batch to its function by the rules of Lambda's event source
//! mappings: what fails is split, sent again and at last given up, in order.
//!
//! What never reached the function (its process keeps dying, the emulator is
//! not there) is no failed try, as on AWS: it is sent again until it is too
//! old, so that a function that does not start costs no record.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use retry::{Backoff, Policy};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::checkpoint::Checkpoint;
use super::discarded::{Condition, Discarded};
use super::queue::Queue;
use super::record::Record;
use super::source::{Position, Stream};
use super::verdict::{Fault, Verdict, reported};
use crate::gate::Backend;
use crate::invoke::Invoker;
use crate::template::StreamMapping;

/// Between the tries of one batch, without end: a random time below 100 ms
/// after the first, below twice that after each further one, 2 s at most.
const PATIENCE: Policy = Policy {
    attempts: u32::MAX,
    base: Duration::from_millis(100),
    cap: Duration::from_secs(2),
    // Longer than any machine runs.
    total: Duration::from_hours(100 * 365 * 24),
};
/// Before a message that could not be written is written again.
const QUEUE_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The way of one mapping's records to its function.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) mapping: StreamMapping,
    pub(super) function: Backend,
    pub(super) invoker: Invoker,
    pub(super) stream: Stream,
    pub(super) checkpoint: Checkpoint,
    pub(super) queue: Option<Queue>,
}

/// Neighbours in the stream that are sent together.
struct Piece<'a> {
    records: &'a [Record],
    sent: u32,
    fault: Option<Fault>,
    /// Tries that are left to it.
    tries: Backoff,
    /// For as long as the function cannot be invoked.
    patience: Backoff,
}

impl<'a> Piece<'a> {
    fn new(records: &'a [Record], max_retries: Option<u32>) -> Self {
        let attempts = max_retries.map_or(u32::MAX, |retries| retries.saturating_add(1));
        let tries = Policy { attempts, ..PATIENCE }.backoff();
        Self { records, sent: 0, fault: None, tries, patience: PATIENCE.backoff() }
    }
}

impl Delivery {
    /// Returns when each record is delivered or given up.
    pub(super) async fn deliver(&self, batch: &[Record]) {
        // The last is the next.
        let mut pieces = vec![self.piece(batch)];
        while let Some(mut piece) = pieces.pop() {
            self.give_up_old(&mut piece).await;
            if !piece.records.is_empty() {
                pieces.extend(self.attempt(piece).await);
            }
        }
    }

    fn piece<'a>(&self, records: &'a [Record]) -> Piece<'a> {
        Piece::new(records, self.mapping.max_retries)
    }

    /// Sends the piece once. What is left of it, the last first.
    async fn attempt<'a>(&self, mut piece: Piece<'a>) -> Vec<Piece<'a>> {
        match self.send(piece.records).await {
            Verdict::Delivered => {
                self.done(piece.records);
                Vec::new()
            }
            Verdict::DeliveredBefore(first) => {
                let (delivered, rest) = piece.records.split_at(first);
                self.done(delivered);
                vec![self.piece(rest)]
            }
            Verdict::NotInvoked => {
                piece.patience.wait().await;
                vec![piece]
            }
            Verdict::Failed(fault) => {
                (piece.sent, piece.fault) = (piece.sent.saturating_add(1), Some(fault));
                self.after_failure(piece).await
            }
        }
    }

    /// Splitting uses up no try.
    async fn after_failure<'a>(&self, mut piece: Piece<'a>) -> Vec<Piece<'a>> {
        if self.mapping.bisect && piece.records.len() > 1 {
            let (first, second) = piece.records.split_at(piece.records.len() / 2);
            return vec![self.piece(second), self.piece(first)];
        }
        if piece.tries.wait().await {
            return vec![piece];
        }
        self.give_up(&piece, piece.records, Condition::RetryAttemptsExhausted).await;
        Vec::new()
    }

    async fn send(&self, records: &[Record]) -> Verdict {
        let records_of_event: Vec<&Value> = records.iter().map(|record| &record.payload).collect();
        let event = json!({"Records": records_of_event});
        match self.invoker.invoke(&self.function, &event).await {
            Ok(answer) if self.mapping.reports_failures => reported(&answer, records),
            Ok(_) => Verdict::Delivered,
            Err(failure) => {
                let mapping = &self.mapping.name;
                tracing::warn!(mapping, records = records.len(), "a batch failed: {failure}");
                let was_invoked = failure.is_of_function();
                if was_invoked { Verdict::Failed(Fault::Unhandled) } else { Verdict::NotInvoked }
            }
        }
    }

    /// The oldest stand first.
    async fn give_up_old(&self, piece: &mut Piece<'_>) {
        let Some(age) = self.mapping.max_record_age else {
            return;
        };
        let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
        let now = Timestamp::now();
        let old = piece.records.iter().take_while(|record| record.is_older_than(age, now)).count();
        let (old, rest) = piece.records.split_at(old);
        if !old.is_empty() {
            self.give_up(piece, old, Condition::RecordAgeExceeded).await;
        }
        piece.records = rest;
    }

    async fn give_up(&self, piece: &Piece<'_>, records: &[Record], condition: Condition) {
        let discarded = Discarded {
            stream: &self.stream,
            function: &self.function.name,
            condition,
            records,
            sent: piece.sent,
            fault: piece.fault,
        };
        let message = discarded.message(Timestamp::now());
        let (mapping, queue) = (&self.mapping.name, self.mapping.on_failure.as_deref());
        let place = &message["DDBStreamBatchInfo"];
        tracing::error!(mapping, queue, ?condition, sent = piece.sent, %place, "records were given up");
        self.tell_queue(&message).await;
        self.done(records);
    }

    /// Tries until it can be written: without it the records would be lost.
    async fn tell_queue(&self, message: &Value) {
        let Some(queue) = &self.queue else {
            return;
        };
        while let Err(error) = queue.send(message) {
            let mapping = &self.mapping.name;
            tracing::error!(mapping, %error, "the on-failure queue could not be written; the mapping waits");
            sleep(QUEUE_AGAIN_AFTER).await;
        }
    }

    fn done(&self, records: &[Record]) {
        if let Some(last) = records.last() {
            self.checkpoint.save(&Position::After(last.sequence_number.clone()));
        }
    }
}
