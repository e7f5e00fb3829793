//! What an event comes to: decided once, in the transaction that applies it.
//!
//! The event's own item, the order and the payment change together or not at
//! all, each under the condition that it still is as it was read. So events may
//! come twice, in any order, and be applied by several at once or by one that
//! is cut off at any moment: each is applied once.

use domain::{Error, EventKey, OrderId, PaymentEvent, Receipt, Result};
use jiff::Timestamp;
use monitoring::Count;

use super::{Event, Outcome, decide, key_of_event};
use crate::Store;
use crate::item::Item;
use crate::table::{Transaction, undisturbed};

/// The longest word of a provider's that is repeated in a reason, in characters.
const WORD: usize = 100;

/// What became of an event, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Decided now.
    Now {
        /// What it came to.
        outcome: Outcome,
        /// Why, in words.
        reason: String,
    },
    /// Decided before, or by another at the same moment.
    Before,
}

impl Store {
    /// Applies an event, unless it was applied or ignored before.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Unavailable`], and [`Error::Corrupt`] of an order
    /// that cannot be read, when nothing is decided yet: it is safe to try again.
    pub async fn apply_event(&self, event: &Event, now: Timestamp) -> Result<Decision> {
        let key = &event.key;
        match PaymentEvent::read(&event.body) {
            Ok(PaymentEvent::Receipt { order, receipt }) => {
                self.settle(key, &order, Some(&receipt), now).await
            }
            Ok(PaymentEvent::AttemptFailed { order }) => self.settle(key, &order, None, now).await,
            Ok(PaymentEvent::Other { kind }) => {
                let kind: String = kind.chars().take(WORD).collect();
                let reason = format!("events of type {kind} mean nothing here");
                self.close_event(key, Outcome::Ignored, reason, now).await
            }
            Err(reason) => self.close_event(key, Outcome::Failed, reason, now).await,
        }
    }

    /// As [`Self::apply_event`], of an event's item, such as a stream of the table
    /// shows it. What cannot be read fails the event, and not the one who reads.
    ///
    /// # Errors
    /// As [`Self::apply_event`]; [`Error::Corrupt`] when not even its key can be
    /// read.
    pub async fn apply_event_item(&self, item: Item, now: Timestamp) -> Result<Decision> {
        let key = key_of_event(&item)?;
        match Event::from_item(item) {
            Ok(event) => self.apply_event(&event, now).await,
            Err(error) => {
                tracing::error!(event = %key, error = &error as &dyn std::error::Error, "an event is corrupt");
                self.close_event(&key, Outcome::Failed, "its item cannot be read".to_owned(), now).await
            }
        }
    }

    /// Applies what an event says of an order's payment; without a receipt, that
    /// it said something. An order that does not exist fails the event. One that
    /// cannot be read does not: perhaps the next release can, or this one is it.
    async fn settle(
        &self,
        event: &EventKey,
        order: &OrderId,
        receipt: Option<&Receipt>,
        now: Timestamp,
    ) -> Result<Decision> {
        match undisturbed(|| self.try_settle(event, order, receipt, now)).await {
            Err(Error::NotFound(_)) => {
                self.close_event(event, Outcome::Failed, format!("there is no order {order}"), now).await
            }
            decided => decided,
        }
    }

    /// Notes what an event came to that moves nothing.
    pub(crate) async fn close_event(
        &self,
        event: &EventKey,
        outcome: Outcome,
        reason: String,
        now: Timestamp,
    ) -> Result<Decision> {
        let write = decide(event, outcome, &reason, now);
        match self.table.transact("close event", vec![write]).await? {
            Transaction::Committed => {
                tell(event, outcome, &reason);
                self.monitoring.count(Count::WebhooksFailed, (outcome == Outcome::Failed).into());
                Ok(Decision::Now { outcome, reason })
            }
            Transaction::Refused(_) => Ok(Decision::Before),
        }
    }
}

/// What has failed a person has to look at.
fn tell(event: &EventKey, outcome: Outcome, reason: &str) {
    match outcome {
        Outcome::Failed => tracing::warn!(%event, reason, "event failed"),
        Outcome::Applied | Outcome::Ignored => {
            tracing::info!(%event, outcome = outcome.as_str(), reason, "event closed");
        }
    }
}
