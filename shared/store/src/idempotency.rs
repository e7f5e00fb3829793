//! Requests that may come twice and must happen once.
//!
//! The record of a request is written in the transaction that carries it out,
//! under the condition that there is none: the first one wins, and all others
//! read what it answered.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{Error, IdempotencyKey, ProductId, Result, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::item::{Item, from_item, to_item};
use crate::keys::{self, Key};
use crate::table::{Condition, Write};

/// How long a request is remembered.
const KEPT: Duration = Duration::from_hours(48);

/// A request under its caller's idempotency key.
#[derive(Clone, Debug)]
pub struct Request {
    key: Key,
    fingerprint: String,
}

impl Request {
    /// The request that `user` marks with `key`. What it is for and what it
    /// says (`content`) make up its fingerprint.
    pub fn new(user: &UserId, key: &IdempotencyKey, target: &str, content: &impl Serialize) -> Self {
        let content = serde_json::to_vec(content).expect("a request body is plain JSON");
        let mut hash = Sha256::new();
        hash.update((target.len() as u64).to_be_bytes());
        hash.update(target);
        hash.update(content);
        let fingerprint = BASE64_URL_SAFE_NO_PAD.encode(hash.finalize());
        Self { key: keys::idempotency(user, key), fingerprint }
    }

    pub(crate) fn key(&self) -> Key {
        self.key.clone()
    }

    /// What the same request was answered before, if this is the record of one.
    pub(crate) fn replay(&self, record: Option<Item>, now: Timestamp) -> Result<Option<Answer>> {
        let Some(record) = record else { return Ok(None) };
        let record: Record = from_item("idempotency record", record)?;
        if record.expires_at <= now.as_second() {
            return Ok(None);
        }
        if record.fingerprint != self.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        Ok(Some(Answer { body: record.body, replayed: true, products: record.products }))
    }

    /// Remembers what the request is answered, unless it came before.
    pub(crate) fn record(&self, answer: &Answer, now: Timestamp) -> Write {
        let expires_at = now.as_second() + i64::try_from(KEPT.as_secs()).expect("two days fit");
        let record = Record {
            fingerprint: self.fingerprint.clone(),
            body: answer.body.clone(),
            products: answer.products.clone(),
            expires_at,
        };
        Write::Put(to_item(self.key(), &record), Condition::absent_or_expired(now))
    }
}

/// What a request is answered: the same bytes each time it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The JSON body.
    pub body: String,
    /// Whether the request came before.
    pub replayed: bool,
    /// Products whose stock the request moved and that it need not name, such as
    /// those of a cart: for the cache to forget whenever the request comes.
    pub(crate) products: Vec<ProductId>,
}

impl Answer {
    /// The answer to a request that comes for the first time.
    pub(crate) fn first(body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("an answer is plain JSON");
        Self { body, replayed: false, products: Vec::new() }
    }

    /// The same, and the request moved the stock of these.
    pub(crate) fn moving(self, products: impl Iterator<Item = ProductId>) -> Self {
        Self { products: products.collect(), ..self }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    fingerprint: String,
    body: String,
    #[serde(default)]
    products: Vec<ProductId>,
    /// Seconds since 1970: the table's TTL attribute.
    expires_at: i64,
}
