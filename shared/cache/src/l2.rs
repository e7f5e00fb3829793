//! L2, and why an invalidation beats every load.
//!
//! Of each key L2 holds a *value* and a *fence*, of each tag a *token*. Fence
//! and tag tokens are random and never repeat. A load first takes the tokens
//! that stand, new ones where none did. What it loaded is stored in one step
//! ([`script`](crate::script)): only if its fence still stands, under a new fence
//! that takes the old one's place. A reader gets value, fence and tag tokens in
//! one round trip and serves the value only if all tokens in its envelope are
//! those that stand. An invalidation removes fence, value and tag tokens. So a
//! value can be served only while *every* token from before its load has stood
//! until it was stored, and those in its envelope ever since, which means: no
//! invalidation since. And a fence lets one load store, so that what L2 holds
//! changes from one value to the next and never back. Removing a token can only
//! cost a load, whoever does it:
//!
//! - **A load spans an invalidation**, in this or another process: its fence is
//!   gone or replaced, and the script refuses its value. If it was the tag that
//!   was invalidated, the value is stored, and its envelope names a token that
//!   can never stand again: a miss.
//! - **Two loads share a fence** (the second found it standing): both began
//!   after the last invalidation. The first to end is stored, and the fence with
//!   which the second comes is gone: it takes over what stands, so that no
//!   reader gets a value that a later one does not get any more.
//! - **A load begins after the data were written but before their invalidation**:
//!   it may find the old fence, and then its value goes with it. Needless, right.
//! - **A fence or tag token expires or is evicted** before its values: they are
//!   misses. The token that comes next is another one. In the middle of a load:
//!   the load is refused.
//! - **A process is frozen in the middle of a load**, for however long: its fence
//!   has been replaced or has expired, and it stores nothing; or it stands, and
//!   nothing was invalidated. Its lease has expired meanwhile, so nobody waited.
//! - **`FLUSHALL`, a restart with nothing, a failover to an empty replica**: the
//!   same for all; loads under way are refused.
//! - **A command is late** (its deadline passed here, yet Redis runs it): a late
//!   store is judged by the script when it runs, a late removal is a removal, a
//!   late fence vouches for nothing, a late lease expires.
//! - **The reader's look and an invalidation cross**: the reader began before
//!   the invalidation was acknowledged and may answer the old value, but its
//!   stamp from before the look keeps that out of L1 and of later readers' loads.
//! - **In a cluster a tag's token is in another slot**, read or removed a moment
//!   before or after the value: whichever is seen first, a reader that begins
//!   after the acknowledgement of all sees none of the old tokens.
//! - **A slot moves while it is read or written**: value and fence may be on
//!   different nodes for a moment; Redis then asks to try again, which is no
//!   answer, and the loader answers. Removals go one by one and arrive, for each
//!   name is at one node or the other.
//! - **An invalidation does not reach L2**, or not all of its slots: this process
//!   reads nothing from L2 until it has been acknowledged (`link`, `owed`);
//!   others may serve the old value, which is why `invalidate` says so, and why
//!   someone who has a stream of all changes is to repeat it.
//! - **Redis itself forgets a removal**: a failover before replication, or a
//!   restart from an older dump, can bring back a value with its own fence.
//!   Nothing here can see that; the time to live bounds it. A Redis that is only
//!   a cache needs no dump.
//!
//! All this orders loads after invalidations, so it needs loaders that read
//! what was last written (no lagging replica or index), and writers that
//! invalidate after their write.
//!
//! A *lease* keeps other processes from loading what one of them is loading. It
//! is no lock: it expires, and who has waited long enough loads without it. What
//! is right is decided by the fence alone.

use std::sync::Arc;

use redis::{Cmd, Value};

use crate::config::{Config, ConfigError};
use crate::counters::Tally;
use crate::envelope::{Age, Envelope};
use crate::key::{AnyKey, Tag};
use crate::link::{Answer, Link, NoAnswer};
use crate::owed::Debt;
use crate::request::Request;
use crate::script::{self, Entry};
use crate::token::{Token, Tokens};

#[derive(Clone)]
pub(crate) struct L2 {
    link: Arc<Link>,
    tally: Arc<Tally>,
}

/// What L2 knows of a key.
pub(crate) enum Lookup {
    /// An entry that no invalidation has reached and that is not too old for any use.
    Standing(Sealed),
    /// None, and the tokens that stand, if all do.
    Missing(Option<Tokens>),
    /// It did not answer.
    Unanswered,
}

/// An entry as it came, its header read.
pub(crate) struct Sealed {
    bytes: Vec<u8>,
    value_at: usize,
    pub(crate) envelope: Envelope,
    pub(crate) age: Age,
}

/// What L2 knows of a key that is about to be loaded.
pub(crate) struct Prepared {
    pub(crate) lookup: Lookup,
    pub(crate) lease: Lease,
}

/// Who is to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lease {
    /// We are, by this token.
    Ours(Token),
    /// Another process does.
    Theirs,
    /// Nobody can say.
    Unknown,
}

/// A loaded and serialised value on its way into L2; no value is a "not found".
pub(crate) struct Parcel<'a> {
    pub(crate) key: &'a AnyKey,
    pub(crate) tokens: &'a Tokens,
    pub(crate) lease: Lease,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) at_ms: u64,
    pub(crate) fresh_ms: u64,
}

/// What became of a parcel.
pub(crate) enum Stored {
    /// L2 has it, or did not answer.
    Done,
    /// An invalidation or another load came first.
    Refused,
}

impl L2 {
    /// None if there is none by configuration.
    pub(crate) fn new(config: &Config, tally: &Arc<Tally>) -> Result<Option<Self>, ConfigError> {
        let link = Link::new(config, Arc::clone(tally))?;
        Ok(link.map(|link| Self { link: Arc::new(link), tally: Arc::clone(tally) }))
    }

    /// Looks all keys up in one round trip.
    pub(crate) async fn read(&self, keys: &[&AnyKey], now_ms: u64) -> Vec<Lookup> {
        let mut names = Vec::with_capacity(2 * keys.len());
        for key in keys {
            names.extend([key.value_name(), key.fence_name()]);
            names.extend(key.tags().iter().map(Tag::token_name));
        }
        let mut cells = self.link.fetch(names).await.into_iter();
        keys.iter().map(|key| self.look_up(key, &mut cells, now_ms)).collect()
    }

    /// Sees to it, before a load, that every key has tokens, asks for its lease,
    /// and looks it up once more, in one round trip: someone else's load may have
    /// ended since the first look. A key that lacks a token is loaded and not stored.
    pub(crate) async fn prepare(&self, keys: &[&AnyKey], now_ms: u64) -> Vec<Prepared> {
        let leases: Vec<Token> = keys.iter().map(|_| Token::new()).collect();
        let of_keys = keys.iter().zip(&leases).flat_map(|(key, lease)| preparing(key, Some(*lease)));
        let mut answers = self.link.ask(of_keys.collect()).await.into_iter();
        let prepared = keys.iter().zip(leases);
        prepared.map(|(key, lease)| self.prepared(key, lease, &mut answers, now_ms)).collect()
    }

    fn prepared(
        &self,
        key: &AnyKey,
        token: Token,
        answers: &mut impl Iterator<Item = Answer>,
        now_ms: u64,
    ) -> Prepared {
        let own = answers.next().flatten().and_then(|cells| <[Value; 4]>::try_from(cells).ok());
        let (lease, mut cells) = match own {
            Some([value, _, Value::Nil, fence]) => (Lease::Theirs, vec![Some(value), Some(fence)]),
            Some([value, _, Value::Okay, fence]) => (Lease::Ours(token), vec![Some(value), Some(fence)]),
            Some([value, _, _, fence]) => (Lease::Unknown, vec![Some(value), Some(fence)]),
            None => (Lease::Unknown, vec![None, None]),
        };
        cells.extend(key.tags().iter().map(|_| answers.next().flatten().and_then(|mut cells| cells.pop())));
        Prepared { lookup: self.look_up(key, &mut cells.into_iter(), now_ms), lease }
    }

    /// The tokens of a key, without a lease; none if L2 did not give them all.
    pub(crate) async fn tokens(&self, key: &AnyKey, now_ms: u64) -> Option<Tokens> {
        let mut answers = self.link.ask(preparing(key, None)).await.into_iter();
        match self.prepared(key, Token::new(), &mut answers, now_ms).lookup {
            Lookup::Standing(sealed) => Some(sealed.envelope.tokens),
            Lookup::Missing(tokens) => tokens,
            Lookup::Unanswered => None,
        }
    }

    /// Reads one key's cells: its value, its fence, its tags' tokens.
    fn look_up(&self, key: &AnyKey, cells: &mut impl Iterator<Item = Option<Value>>, now_ms: u64) -> Lookup {
        let mut answered = true;
        let mut row = cells.take(2 + key.tags().len()).map(|cell| {
            answered &= cell.is_some();
            bytes(cell?)
        });
        let value = row.next().flatten();
        let standing = Tokens::next(&mut row.map(|cell| Token::from_l2(&cell?)), key.tags().len());
        if !answered {
            return Lookup::Unanswered;
        }
        let Some(standing) = standing else { return Lookup::Missing(None) };
        match value.and_then(|bytes| self.unseal(key, bytes, now_ms)) {
            Some(sealed) if sealed.envelope.tokens == standing && sealed.age != Age::Dead => {
                Lookup::Standing(sealed)
            }
            _ => Lookup::Missing(Some(standing)),
        }
    }

    fn unseal(&self, key: &AnyKey, bytes: Vec<u8>, now_ms: u64) -> Option<Sealed> {
        let Some((envelope, value)) = Envelope::open(&bytes) else {
            self.tally.unreadable.add(1);
            return None;
        };
        let value_at = bytes.len() - value.len();
        let age = envelope.age(key.policy(), now_ms);
        Some(Sealed { bytes, value_at, envelope, age })
    }

    /// Stores what was loaded, each value only if its fence stands, in one round trip.
    pub(crate) async fn store(&self, parcels: &[Parcel<'_>]) -> Vec<Stored> {
        let requests: Vec<Request> = parcels.iter().map(Parcel::storing).collect();
        let answers = self.link.ask(requests).await;
        answers.into_iter().map(|answer| self.stored(answer)).collect()
    }

    fn stored(&self, answer: Answer) -> Stored {
        match answer.and_then(|mut values| values.pop()) {
            Some(Value::Int(0)) => {
                self.tally.refused.add(1);
                Stored::Refused
            }
            Some(_) => {
                self.tally.stored.add(1);
                Stored::Done
            }
            None => Stored::Done,
        }
    }

    /// Gives back leases under which nothing was stored.
    pub(crate) async fn release(&self, leases: &[(AnyKey, Lease)]) {
        let requests: Vec<Request> = leases
            .iter()
            .filter_map(|(key, lease)| match lease {
                Lease::Ours(token) => {
                    Some(Request::new(&key.lease_name(), vec![script::release(key, *token)]))
                }
                Lease::Theirs | Lease::Unknown => None,
            })
            .collect();
        if !requests.is_empty() {
            self.link.ask(requests).await;
        }
    }

    /// Removes what would let old values be served, in one round trip. What is
    /// not acknowledged is owed, and nothing is read until it is paid. Without its
    /// fence no value is served: it and its lease go too, but nobody depends on it.
    pub(crate) async fn invalidate(&self, keys: &[AnyKey], tags: &[Tag]) -> bool {
        let fences = keys.iter().map(AnyKey::fence_name);
        let names: Vec<_> = fences.chain(tags.iter().map(Tag::token_name)).collect();
        if names.is_empty() {
            return true;
        }
        let others = keys.iter().flat_map(|key| [key.value_name(), key.lease_name()]);
        let requests = names.iter().cloned().chain(others).map(|name| Request::unlink(&name));
        let answers = self.link.ask(requests.collect()).await;
        let lost = names.into_iter().zip(answers).filter(|(_, answer)| answer.is_none());
        let lost: Vec<String> = lost.map(|(name, _)| name).collect();
        let acknowledged = lost.is_empty();
        if !acknowledged {
            self.link.owe(Debt::Names(lost));
        }
        acknowledged
    }

    /// Invalidates a key and leaves the parcel in its place, if its fence stands.
    /// A script is turned away while its slot moves, a mere invalidation is not.
    pub(crate) async fn put(&self, parcel: &Parcel<'_>) -> bool {
        let answers = self.link.ask(vec![parcel.request(script::put)]).await;
        if answers.into_iter().all(|answer| answer.is_some()) {
            return true;
        }
        self.invalidate(std::slice::from_ref(parcel.key), &[]).await
    }

    /// One empty round trip.
    pub(crate) async fn ping(&self) -> Result<(), NoAnswer> {
        self.link.ping().await
    }
}

impl Prepared {
    /// What is known without L2.
    pub(crate) fn unanswered() -> Self {
        Self { lookup: Lookup::Unanswered, lease: Lease::Unknown }
    }
}

impl Sealed {
    /// The value's own bytes; none if they are damaged.
    pub(crate) fn value(&self) -> Option<std::borrow::Cow<'_, [u8]>> {
        self.envelope.unpack(&self.bytes[self.value_at..])
    }
}

impl Parcel<'_> {
    /// What a script does with it, sealed under a new fence.
    fn request(&self, script: impl FnOnce(&Entry<'_>) -> Cmd) -> Request {
        let tokens = self.tokens.fenced(Token::new());
        let stale_ms = if self.value.is_some() { self.key.policy().stale_ms() } else { 0 };
        let command = script(&Entry {
            key: self.key,
            fence: self.tokens.fence,
            new_fence: tokens.fence,
            sealed: &Envelope::seal(tokens, self.at_ms, self.fresh_ms, self.value),
            kept_ms: self.fresh_ms + stale_ms,
        });
        Request::new(&self.key.value_name(), vec![command])
    }

    fn storing(&self) -> Request {
        let lease = match self.lease {
            Lease::Ours(token) => Some(token),
            Lease::Theirs | Lease::Unknown => None,
        };
        self.request(|entry| script::store(entry, lease))
    }
}

/// What one key needs before its load: of its own slot, then of each tag's, which
/// answers its cell last.
///
/// A read goes first, for while a slot moves, a cluster's client repeats it all at
/// the other node, which carries out the first command and no other: a fence
/// that this left there would keep the one that stands from moving.
fn preparing(key: &AnyKey, lease: Option<Token>) -> Vec<Request> {
    let ms = key.policy().token_ms();
    let value = key.value_name();
    let asked = match lease {
        Some(lease) => offer(&key.lease_name(), lease, key.policy().lease_ms()),
        None => on("EXISTS", &key.lease_name()),
    };
    let fence = key.fence_name();
    let own = vec![on("GET", &value), offer(&fence, Token::new(), ms), asked, on("GET", &fence)];
    let own = Request::new(&value, own);
    let of_tags = key.tags().iter().map(|tag| {
        let name = tag.token_name();
        let mut prolong = on("PEXPIRE", &name);
        // It outlives what is stored under it now.
        prolong.arg(ms).arg("GT");
        Request::new(&name, vec![offer(&name, Token::new(), ms), prolong, on("GET", &name)])
    });
    std::iter::once(own).chain(of_tags).collect()
}

/// Sets a token unless one stands, which then is shared.
fn offer(name: &str, token: Token, ms: u64) -> Cmd {
    let mut set = on("SET", name);
    set.arg(token.as_bytes()).arg("NX").arg("PX").arg(ms);
    set
}

fn on(command: &str, name: &str) -> Cmd {
    let mut command = redis::cmd(command);
    command.arg(name);
    command
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}
