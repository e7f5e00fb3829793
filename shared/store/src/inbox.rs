//! The inbox: every event that a payment provider sent, kept exactly once.
//!
//! An event is put there under the condition that it is not there yet, and
//! only then acknowledged: the inbox is the durable queue and the memory of what
//! came before in one write. What it comes to is decided later, once
//! ([`apply`](self::apply)), in the transaction that applies it; until then it
//! stands in the sparse index, where a sweep finds what was left undone. One that
//! failed stands there too, in a list for people.

mod apply;
mod failed;
mod sweep;

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Error, EventKey, Result};
use jiff::Timestamp;
use monitoring::Count;
use serde::{Deserialize, Serialize};

pub use self::apply::Decision;
pub use self::failed::FailedEvents;
pub use self::sweep::Sweep;
use crate::Store;
use crate::item::{Item, from_item, key_of, to_item};
use crate::keys;
use crate::table::{Condition, Expression, Put, Write, number};

/// How long an event is remembered that is done with. Providers repeat theirs for
/// days (Stripe: up to three), and what would come later still changes nothing.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// An event as it came, its signature verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which one it is.
    pub key: EventKey,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

/// What an event came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Order and payment say what it says.
    Applied,
    /// It means nothing to the shop.
    Ignored,
    /// Nothing can be made of it now; a person may have it tried again.
    Failed,
}

impl Outcome {
    /// Its name in the table and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }
}

/// Whether an event came for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It did.
    New,
    /// It was there already, or is just coming twice.
    Duplicate,
}

/// What an event's item says beside its keys and its body.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    received_at: Timestamp,
}

/// The attribute that tells which call has kept an event: one whose answer got
/// lost finds its own.
const RECEIPT: &str = "receipt";

impl Store {
    /// Keeps an event. Once this returns it is not lost any more, however often
    /// it comes.
    ///
    /// # Errors
    /// [`Error::Busy`] and [`Error::Unavailable`] when that is not sure: let the
    /// provider send it again.
    pub async fn keep_event(&self, event: &Event) -> Result<Kept> {
        let receipt = uuid::Uuid::new_v4().to_string();
        let item = event.item(&receipt);
        let kept = match self.table.put_absent("keep event", item).await? {
            Put::There(there) if there.get(RECEIPT) != Some(&AttributeValue::S(receipt)) => Kept::Duplicate,
            Put::There(_) | Put::Done => Kept::New,
        };
        self.monitoring.count(kept.as_count(), 1);
        Ok(kept)
    }

    /// An event as it was kept, whatever it came to.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; [`Error::Unavailable`] when it
    /// cannot be read.
    pub async fn event(&self, key: &EventKey) -> Result<Event> {
        let item = self.table.get("read event", keys::event(key)).await?;
        Event::from_item(item.ok_or(Error::NotFound("event"))?)
    }
}

impl Kept {
    const fn as_count(self) -> Count {
        match self {
            Self::New => Count::WebhooksKept,
            Self::Duplicate => Count::WebhooksDuplicate,
        }
    }
}

impl Event {
    /// Reads an event from its item, such as a stream of the table shows it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is no event's.
    pub fn from_item(mut item: Item) -> Result<Self> {
        let key = key_of_event(&item)?;
        let body = match item.remove("body") {
            Some(AttributeValue::S(text)) => text.into_bytes(),
            Some(AttributeValue::B(bytes)) => bytes.into_inner(),
            _ => return Err(Error::corrupt("event", "it has no body")),
        };
        let Header { received_at } = from_item("event", item)?;
        Ok(Self { key, body, received_at })
    }

    fn item(&self, receipt: &str) -> Item {
        let mut item = to_item(keys::event(&self.key), &Header { received_at: self.received_at });
        item.insert(RECEIPT.to_owned(), AttributeValue::S(receipt.to_owned()));
        // Text where it is text, for whoever looks at the table.
        let body = match std::str::from_utf8(&self.body) {
            Ok(text) => AttributeValue::S(text.to_owned()),
            Err(_not_utf8) => AttributeValue::B(Blob::new(self.body.clone())),
        };
        item.insert("body".to_owned(), body);
        let place = keys::undecided(&self.key, self.received_at);
        item.insert("sparse_pk".to_owned(), AttributeValue::S(place.pk));
        item.insert("sparse_sk".to_owned(), AttributeValue::S(place.sk));
        item
    }
}

/// Which event an item is of.
fn key_of_event(item: &Item) -> Result<EventKey> {
    keys::event_of(&key_of("event", item)?).ok_or_else(|| Error::corrupt("event", "its key is no event's"))
}

/// Notes what an event came to, if nothing is decided yet or it has failed. One
/// that failed is kept, and listed, until it comes to something else.
pub(crate) fn decide(key: &EventKey, outcome: Outcome, reason: &str, now: Timestamp) -> Write {
    const DONE: &str = "SET outcome = :outcome, reason = :reason, decided_at = :now, expires_at = :end \
                        REMOVE sparse_pk, sparse_sk";
    const FAILED: &str = "SET outcome = :outcome, reason = :reason, decided_at = :now, \
                          sparse_pk = :list, sparse_sk = :place";
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut values = vec![
        (":outcome", text(outcome.as_str())),
        (":reason", text(reason)),
        (":now", text(&now.to_string())),
    ];
    let change = if outcome == Outcome::Failed {
        let place = keys::failed(key, now);
        values.extend([(":list", text(&place.pk)), (":place", text(&place.sk))]);
        FAILED
    } else {
        let kept = i64::try_from(KEPT.as_secs()).expect("a month fits");
        values.push((":end", number(&(now.as_second() + kept))));
        DONE
    };
    Write::Update(keys::event(key), Expression::new(change, values), Condition::undecided())
}
