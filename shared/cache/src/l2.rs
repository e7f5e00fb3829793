//! L2, and why an invalidation beats every load.
//!
//! Of each key L2 holds one *entry*, which begins with a *fence*, of each tag a
//! *token*. Both are random and never repeat. A load first takes the tokens that
//! stand, new ones where none did (an entry is then its fence alone). What it
//! loaded is stored in one step ([`script`](crate::script)): only if its fence
//! still stands, and under a new one. A reader gets entry and tag tokens in one
//! round trip and serves the value only if the tag tokens in it are those that
//! stand. An invalidation removes the entry and the tag tokens. So a value can be
//! served only while *every* token from before its load has stood until it was
//! stored, and those in it ever since, which means: no invalidation since. And a
//! fence lets one load store, so that what L2 holds changes from one value to the
//! next and never back. Removing an entry or a token can only cost a load, whoever
//! does it:
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
//! - **A tag's token expires or is evicted** before the entries that name it: they
//!   are misses. The token that comes next is another one.
//! - **A fence expires or is evicted in the middle of its load**: the load is refused.
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
//! - **A slot moves while it is read or written**: entry and lease may be on
//!   different nodes for a moment; Redis then asks to try again, which is no
//!   answer, and the loader answers. Removals go one by one and arrive, for each
//!   name is at one node or the other.
//! - **An invalidation does not reach L2**, or not all of its slots: this process
//!   reads nothing from L2 until it has been acknowledged (`link`, `owed`);
//!   others may serve the old value, which is why `invalidate` says so, and why
//!   someone who has a stream of all changes is to repeat it.
//! - **Redis itself forgets a removal**: a failover before replication, or a
//!   restart from an older dump, can bring back an entry as it was.
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
use std::time::Duration;

use redis::{Cmd, Value};

use crate::config::{Config, ConfigError};
use crate::counters::Tally;
use crate::envelope::{self, Age, Envelope, Times};
use crate::key::{AnyKey, Tag};
use crate::link::{Answer, Link, NoAnswer};
use crate::owed::Debt;
use crate::request::Request;
use crate::script::{self, Entry};
use crate::token::{Token, Tokens};

/// Milliseconds that a fence stands without a value: a load that takes longer is
/// answered and not stored.
const LOADING_MS: u64 = 60_000;

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
    /// Whether something else is in the entry's place.
    is_blocked: bool,
}

/// What is set where nothing stands.
#[derive(Clone, Copy)]
struct Offer {
    fence: Token,
    lease: Token,
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
        let mut names = Vec::with_capacity(keys.len());
        for key in keys {
            names.push(key.entry_name());
            names.extend(key.tags().iter().map(Tag::token_name));
        }
        let mut cells = self.link.fetch(names).await.into_iter();
        keys.iter().map(|key| self.look_up(key, &mut cells, now_ms)).collect()
    }

    /// Sees to it, before a load, that every key has tokens, asks for its lease,
    /// and looks it up once more, in one round trip: someone else's load may have
    /// ended since the first look. A key that lacks a token is loaded and not stored.
    pub(crate) async fn prepare(&self, keys: &[&AnyKey], now_ms: u64) -> Vec<Prepared> {
        let prepared = self.prepare_once(keys, now_ms).await;
        if !self.clear_away(keys.iter().zip(&prepared)).await {
            return prepared;
        }
        self.prepare_once(keys, now_ms).await
    }

    async fn prepare_once(&self, keys: &[&AnyKey], now_ms: u64) -> Vec<Prepared> {
        let offers: Vec<Offer> = keys.iter().map(|_| Offer::new()).collect();
        let of_keys = keys.iter().zip(&offers).flat_map(|(key, offer)| preparing(key, *offer, true));
        let mut answers = self.link.ask(of_keys.collect()).await.into_iter();
        let offered = keys.iter().zip(offers);
        offered.map(|(key, offer)| self.prepared(key, offer, &mut answers, now_ms)).collect()
    }

    /// Removes what is in an entry's place and is none, and the lease that was
    /// taken to load it; whether there was any.
    async fn clear_away<'a>(&self, prepared: impl Iterator<Item = (&'a &'a AnyKey, &'a Prepared)>) -> bool {
        let blocked = prepared.filter(|(_, prepared)| prepared.is_blocked);
        let names = blocked.flat_map(|(key, _)| [key.entry_name(), key.lease_name()]);
        let removals: Vec<_> = names.map(|name| Request::unlink(&name)).collect();
        let any = !removals.is_empty();
        if any {
            self.link.ask(removals).await;
        }
        any
    }

    fn prepared(
        &self,
        key: &AnyKey,
        offer: Offer,
        answers: &mut impl Iterator<Item = Answer>,
        now_ms: u64,
    ) -> Prepared {
        let mut own = answers.next().flatten().into_iter().flatten().skip(1);
        let (entry, lease) = (own.next(), own.next());
        // Where nothing was, there is now the fence that was offered.
        let entry = entry.map(|entry| match entry {
            Value::Nil => Value::BulkString(Envelope::fence(offer.fence)),
            there => there,
        });
        let lease = match lease {
            Some(Value::Nil) => Lease::Theirs,
            Some(Value::Okay) => Lease::Ours(offer.lease),
            _ => Lease::Unknown,
        };
        let of_tags = key.tags().iter().map(|_| answers.next().flatten().and_then(|mut cells| cells.pop()));
        let is_blocked =
            matches!(&entry, Some(Value::BulkString(bytes)) if envelope::fence_of(bytes).is_none());
        let mut cells = std::iter::once(entry).chain(of_tags.collect::<Vec<_>>());
        Prepared { lookup: self.look_up(key, &mut cells, now_ms), lease, is_blocked }
    }

    /// The tokens of a key, without a lease; none if L2 did not give them all.
    pub(crate) async fn tokens(&self, key: &AnyKey, now_ms: u64) -> Option<Tokens> {
        let offer = Offer::new();
        let mut answers = self.link.ask(preparing(key, offer, false)).await.into_iter();
        match self.prepared(key, offer, &mut answers, now_ms).lookup {
            Lookup::Standing(sealed) => Some(sealed.envelope.tokens),
            Lookup::Missing(tokens) => tokens,
            Lookup::Unanswered => None,
        }
    }

    /// Reads one key's cells: its entry, its tags' tokens.
    fn look_up(&self, key: &AnyKey, cells: &mut impl Iterator<Item = Option<Value>>, now_ms: u64) -> Lookup {
        let mut answered = true;
        let mut row = cells.take(1 + key.tags().len()).map(|cell| {
            answered &= cell.is_some();
            bytes(cell?)
        });
        let entry = row.next().flatten();
        let fence = entry.as_deref().and_then(envelope::fence_of);
        let mut tokens = std::iter::once(fence).chain(row.map(|cell| Token::from_l2(&cell?)));
        let standing = Tokens::next(&mut tokens, key.tags().len());
        if !answered {
            return Lookup::Unanswered;
        }
        match entry.and_then(|bytes| self.unseal(key, bytes, now_ms)) {
            Some(sealed) if standing.as_ref() == Some(&sealed.envelope.tokens) && sealed.age != Age::Dead => {
                Lookup::Standing(sealed)
            }
            _ => Lookup::Missing(standing),
        }
    }

    fn unseal(&self, key: &AnyKey, bytes: Vec<u8>, now_ms: u64) -> Option<Sealed> {
        let Some((envelope, value)) = Envelope::open(&bytes, key.version()) else {
            self.tally.unreadable.add(usize::from(!envelope::is_fence(&bytes)));
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
    /// not acknowledged is owed, and nothing is read until it is paid. A lease goes
    /// too, but nobody depends on that.
    pub(crate) async fn invalidate(&self, keys: &[AnyKey], tags: &[Tag]) -> bool {
        let entries = keys.iter().map(AnyKey::entry_name);
        let names: Vec<_> = entries.chain(tags.iter().map(Tag::token_name)).collect();
        if names.is_empty() {
            return true;
        }
        let others = keys.iter().map(AnyKey::lease_name);
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

    /// Whether all invalidations are acknowledged by then.
    pub(crate) async fn has_paid_within(&self, patience: Duration) -> bool {
        self.link.is_up_within(patience).await
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

    pub(crate) fn is_away(&self) -> bool {
        self.link.is_away()
    }

    /// Sends what is not the cache's own.
    pub(crate) async fn ask(&self, requests: Vec<Request>) -> Vec<Answer> {
        self.link.ask(requests).await
    }

    /// Connects if nobody has yet, and waits for that at most so long.
    pub(crate) async fn connect(&self, patience: Duration) {
        self.link.connected(patience).await;
    }

    /// One empty round trip.
    pub(crate) async fn ping(&self) -> Result<(), NoAnswer> {
        self.link.ping().await
    }
}

impl Prepared {
    /// What is known without L2.
    pub(crate) fn unanswered() -> Self {
        Self { lookup: Lookup::Unanswered, lease: Lease::Unknown, is_blocked: false }
    }
}

impl Offer {
    fn new() -> Self {
        Self { fence: Token::new(), lease: Token::new() }
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
        let times = Times { stored_at_ms: self.at_ms, fresh_ms: self.fresh_ms };
        let command = script(&Entry {
            key: self.key,
            fence: self.tokens.fence,
            sealed: &Envelope::seal(&tokens, self.key.version(), times, self.value),
            kept_ms: self.fresh_ms + stale_ms,
        });
        Request::new(&self.key.entry_name(), vec![command])
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
/// that this left there would keep the entry that stands from moving.
fn preparing(key: &AnyKey, offer: Offer, with_lease: bool) -> Vec<Request> {
    let (ms, entry, lease) = (key.policy().token_ms(), key.entry_name(), key.lease_name());
    // Answers what was there, so that the entry comes over once.
    let mut fence = set_if_absent(&entry, &Envelope::fence(offer.fence), LOADING_MS);
    fence.arg("GET");
    let mut own = vec![on("EXISTS", &lease), fence];
    if with_lease {
        own.push(set_if_absent(&lease, offer.lease.as_bytes(), key.policy().lease_ms()));
    }
    let own = Request::new(&entry, own);
    let of_tags = key.tags().iter().map(|tag| {
        let name = tag.token_name();
        let mut prolong = on("PEXPIRE", &name);
        // It outlives what is stored under it now.
        prolong.arg(ms).arg("GT");
        Request::new(
            &name,
            vec![set_if_absent(&name, Token::new().as_bytes(), ms), prolong, on("GET", &name)],
        )
    });
    std::iter::once(own).chain(of_tags).collect()
}

fn set_if_absent(name: &str, value: &[u8], ms: u64) -> Cmd {
    let mut set = on("SET", name);
    set.arg(value).arg("NX").arg("PX").arg(ms);
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
