//! L2, and why an invalidation beats every load.
//!
//! Of each key L2 holds a *value* and a *fence*, of each tag a *token*. Fence
//! and tag tokens are random and never repeat. A load first takes the tokens
//! that stand, new ones where none did; what it loaded is written together with them,
//! and only while its fence still stands; a reader gets value, fence and tag
//! tokens in one `MGET` and serves the value only if all tokens in its envelope
//! are those that stand. An invalidation removes fence, value and tag tokens in
//! one command. So a value can be served only while *every* token from before
//! its load has stood all along, which means: no invalidation since. Removing a
//! token can therefore only cost a load, whoever does it:
//!
//! - **A load spans an invalidation**, in this or another process: its fence is
//!   gone or replaced, and the script refuses its value. If it was the tag that
//!   was invalidated, the value is written, and its envelope names a token that
//!   can never stand again: a miss.
//! - **Two loads share a fence** (the second found it standing): both began
//!   after the last invalidation; whichever writes last, the next invalidation
//!   removes it.
//! - **A load begins after the data were written but before their invalidation**:
//!   it may find the old fence, and then its value goes with it. Needless, right.
//! - **A fence or tag token expires or is evicted** before its values: they are
//!   misses. The token that comes next is another one.
//! - **`FLUSHALL`, a restart with nothing, a failover to an empty replica**: the
//!   same for all; loads under way are refused.
//! - **A command is late** (its deadline passed here, yet Redis runs it): a late
//!   write is judged by the script when it runs, a late removal is a removal, a
//!   late fence vouches for nothing.
//! - **The reader's `MGET` and an invalidation cross**: the reader began before
//!   the invalidation was acknowledged and may answer the old value, but its
//!   stamp from before the `MGET` keeps that out of L1 and of later readers' loads.
//! - **An invalidation does not reach L2**: this process reads nothing from L2
//!   until it has been acknowledged (`link`, `owed`); others may serve the old
//!   value, which is why `invalidate` says so, and why someone who has a stream
//!   of all changes is to repeat it.
//! - **Redis itself forgets a removal**: a failover before replication, or a
//!   restart from an older dump, can bring back a value with its own fence.
//!   Nothing here can see that; the time to live bounds it. A Redis that is only
//!   a cache needs no dump.
//!
//! All this orders loads after invalidations, so it needs loaders that read
//! what was last written (no lagging replica or index), and writers that
//! invalidate after their write.

use std::sync::Arc;

use redis::Pipeline;

use crate::config::{Config, ConfigError};
use crate::counters::Tally;
use crate::envelope::Envelope;
use crate::key::{AnyKey, Tag};
use crate::link::{Link, NoAnswer};
use crate::owed::Debt;
use crate::script;
use crate::token::{Token, Tokens};

#[derive(Clone)]
pub(crate) struct L2 {
    link: Arc<Link>,
    tally: Arc<Tally>,
}

/// What L2 knows of a key.
pub(crate) enum Lookup {
    /// A value that no invalidation has reached.
    Standing(Sealed),
    /// None, and the tokens that stand, if all do.
    Missing(Option<Tokens>),
}

/// An entry as it came, its header read.
pub(crate) struct Sealed {
    bytes: Vec<u8>,
    value_at: usize,
    pub(crate) envelope: Envelope,
}

/// A loaded and serialised value on its way into L2.
pub(crate) struct Parcel<'a> {
    pub(crate) key: &'a AnyKey,
    pub(crate) tokens: &'a Tokens,
    pub(crate) value: &'a [u8],
    pub(crate) stored_at_ms: u64,
    pub(crate) fresh_ms: u64,
}

type Cell = Option<Vec<u8>>;

impl L2 {
    pub(crate) fn new(url: &str, config: &Config, tally: &Arc<Tally>) -> Result<Self, ConfigError> {
        let link = Arc::new(Link::new(url, config, Arc::clone(tally))?);
        let tally = Arc::clone(tally);
        Ok(Self { link, tally })
    }

    /// Looks all keys up in one round trip; none if L2 did not answer.
    pub(crate) async fn read(&self, keys: &[&AnyKey], now_ms: u64) -> Option<Vec<Lookup>> {
        self.look_all_up(Pipeline::with_capacity(1), keys, now_ms).await
    }

    /// Sees to it, before a load, that every key has tokens, and looks all up once
    /// more, in one round trip: someone else's load may have ended since the first
    /// look. A key that still lacks a token is loaded and not written.
    pub(crate) async fn prepare(&self, keys: &[&AnyKey], now_ms: u64) -> Option<Vec<Lookup>> {
        let mut request = Pipeline::new();
        for key in keys {
            let ms = key.policy().token_ms();
            offer(&mut request, &key.fence_name(), ms);
            for tag in key.tags() {
                offer(&mut request, &tag.token_name(), ms);
            }
        }
        self.look_all_up(request, keys, now_ms).await
    }

    async fn look_all_up(&self, mut request: Pipeline, keys: &[&AnyKey], now_ms: u64) -> Option<Vec<Lookup>> {
        request.cmd("MGET");
        for key in keys {
            request.arg(key.value_name()).arg(key.fence_name());
            for tag in key.tags() {
                request.arg(tag.token_name());
            }
        }
        let (cells,): (Vec<Cell>,) = self.link.ask(&request).await.ok()?;
        let mut cells = cells.into_iter();
        Some(keys.iter().map(|key| self.look_up(key, &mut cells, now_ms)).collect())
    }

    /// Reads one key's cells: its value, its fence, its tags' tokens.
    fn look_up(&self, key: &AnyKey, cells: &mut impl Iterator<Item = Cell>, now_ms: u64) -> Lookup {
        let value = cells.next().flatten();
        let mut row = cells.map(|cell| Token::from_l2(&cell?));
        let standing = Tokens::next(&mut row, key.tags().len());
        match value.and_then(|bytes| self.unseal(bytes)) {
            Some(sealed) if sealed.envelope.may_be_served(standing.as_ref(), now_ms) => {
                Lookup::Standing(sealed)
            }
            _ => Lookup::Missing(standing),
        }
    }

    fn unseal(&self, bytes: Vec<u8>) -> Option<Sealed> {
        let Some((envelope, value)) = Envelope::open(&bytes) else {
            self.tally.unreadable.add(1);
            return None;
        };
        let value_at = bytes.len() - value.len();
        Some(Sealed { bytes, value_at, envelope })
    }

    /// Writes what was loaded, each value only while its fence stands, in one round trip.
    pub(crate) async fn write(&self, parcels: &[Parcel<'_>]) {
        let mut request = Pipeline::with_capacity(parcels.len());
        for parcel in parcels {
            match parcel.seal() {
                Some(sealed) => script::store(&mut request, parcel, &sealed),
                None => self.tally.unreadable.add(1),
            }
        }
        if request.is_empty() {
            return;
        }
        if let Ok(stored) = self.link.ask::<Vec<usize>>(&request).await {
            let count = stored.iter().sum();
            self.tally.stored.add(count);
            self.tally.refused.add(stored.len() - count);
        }
    }

    /// Removes what would let old values be served, in one round trip. What is
    /// not acknowledged is owed, and nothing is read until it is paid.
    pub(crate) async fn invalidate(&self, keys: &[AnyKey], tags: &[Tag]) -> bool {
        let of_keys = keys.iter().flat_map(|key| [key.fence_name(), key.value_name()]);
        let of_tags = tags.iter().map(Tag::token_name);
        let names: Vec<String> = of_keys.chain(of_tags).collect();
        if names.is_empty() {
            return true;
        }
        let mut request = Pipeline::with_capacity(1);
        request.cmd("UNLINK").arg(&names);
        let answer = self.link.ask::<(u64,)>(&request).await;
        if answer.is_err() {
            self.link.owe(Debt::Names(names));
        }
        answer.is_ok()
    }

    /// One empty round trip.
    pub(crate) async fn ping(&self) -> Result<(), NoAnswer> {
        let mut request = Pipeline::with_capacity(1);
        request.cmd("PING").ignore();
        self.link.ask(&request).await
    }
}

impl Sealed {
    pub(crate) fn value(&self) -> &[u8] {
        &self.bytes[self.value_at..]
    }
}

impl Parcel<'_> {
    fn seal(&self) -> Option<Vec<u8>> {
        let envelope = Envelope {
            tokens: self.tokens.clone(),
            stored_at_ms: self.stored_at_ms,
            fresh_ms: self.fresh_ms,
        };
        envelope.seal(self.value)
    }
}

/// Sets a new token unless one stands; that one is shared, and its time drawn
/// out, so that it outlives what is written under it now.
fn offer(request: &mut Pipeline, name: &str, ms: u64) {
    request.cmd("SET").arg(name).arg(Token::new().as_bytes());
    request.arg("NX").arg("PX").arg(ms).ignore();
    request.cmd("PEXPIRE").arg(name).arg(ms).arg("GT").ignore();
}
