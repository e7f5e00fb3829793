//! Dropping what a write has outdated, and leaving a value in its place.

use std::time::Duration;

use serde::Serialize;

use crate::key::{AnyKey, Key, Tag};
use crate::l2::{Lease, Parcel};
use crate::token::Tokens;
use crate::{Cache, Shared};

/// What a writer takes before it writes, so that it can [`Cache::put`] after.
pub struct Ticket<V> {
    key: Key<V>,
    tokens: Option<Tokens>,
    at_ms: u64,
}

impl Cache {
    /// Drops entries and all that carry these tags, in every tier; to be called
    /// after the write that outdates them and before the write is acknowledged.
    ///
    /// Once this returns, no read that begins in this process sees an older
    /// value, whether L2 acknowledged or not. If it did (`true`; also if there is
    /// no L2), reads that begin in other processes do so only within the L1
    /// seconds of the kind's policy. If not (`false`), this process repeats the
    /// invalidation until L2 acknowledges and reads nothing from L2 until then;
    /// other processes may serve the old value for its time to live, so who can
    /// repeat the call from a record of all writes should.
    ///
    /// It takes one round trip, and goes on if the caller goes away.
    pub async fn invalidate(&self, keys: &[AnyKey], tags: &[Tag]) -> bool {
        let task = {
            let (shared, keys, tags) = (self.shared.clone(), keys.to_vec(), tags.to_vec());
            shared.outdate(&keys, &tags);
            async move { shared.invalidate(&keys, &tags).await }
        };
        // A task fails only when its runtime is being shut down.
        tokio::spawn(task).await.unwrap_or(false)
    }

    /// As [`Cache::invalidate`], and waits so long for what L2 did not acknowledge
    /// to be repeated, past an open breaker, on a new connection: for who works
    /// through a record of all writes and comes again until they are all through.
    pub async fn invalidate_patiently(&self, keys: &[AnyKey], tags: &[Tag], patience: Duration) -> bool {
        if self.invalidate(keys, tags).await {
            return true;
        }
        match &self.shared.l2 {
            Some(l2) => l2.has_paid_within(patience).await,
            None => true,
        }
    }

    /// What [`Cache::put`] needs; to be taken before the write begins, or before
    /// the read whose result is to be put. One round trip, which can run beside
    /// the writer's other preparations.
    pub async fn ticket<V>(&self, key: &Key<V>) -> Ticket<V> {
        let at_ms = self.shared.clock.now_ms();
        let tokens = match &self.shared.l2 {
            Some(l2) => l2.tokens(key.any(), at_ms).await,
            None => None,
        };
        Ticket { key: key.clone(), tokens, at_ms }
    }

    /// Invalidates a key as [`Cache::invalidate`] does, and leaves the value that
    /// was just written, so that the next read need not load it: unless anyone
    /// else has written, loaded or invalidated the entry since the ticket, for
    /// then nobody can say which value is the newer one, and the entry is gone.
    /// `None` leaves "not found" if the kind's policy keeps that.
    ///
    /// It takes one round trip, answers as [`Cache::invalidate`] does, and goes on
    /// if the caller goes away.
    pub async fn put<V>(&self, ticket: Ticket<V>, value: Option<&V>) -> bool
    where
        V: Serialize,
    {
        let policy = ticket.key.any().policy();
        let kept = match value {
            Some(value) => postcard::to_stdvec(value).ok().map(|bytes| (Some(bytes), policy.fresh_ms())),
            None => policy.negative_ms().map(|ms| (None, ms)),
        };
        let key = ticket.key.any().clone();
        let (Some(tokens), Some((value, fresh_ms))) = (ticket.tokens, kept) else {
            return self.invalidate(&[key], &[]).await;
        };
        let (shared, at_ms) = (self.shared.clone(), ticket.at_ms);
        shared.outdate(std::slice::from_ref(&key), &[]);
        let task = async move {
            let value = value.as_deref();
            let lease = Lease::Unknown;
            shared.put(&Parcel { key: &key, tokens: &tokens, lease, value, at_ms, fresh_ms }).await
        };
        tokio::spawn(task).await.unwrap_or(false)
    }
}

impl Shared {
    /// Outdates what is here before L2 is asked, so that no reader waits for that
    /// with an old copy, and again after: a reader may have found the old value
    /// in L2 in between and have kept it here.
    async fn invalidate(&self, keys: &[AnyKey], tags: &[Tag]) -> bool {
        let acknowledged = match &self.l2 {
            Some(l2) => l2.invalidate(keys, tags).await,
            None => true,
        };
        self.invalidated(keys, tags, acknowledged)
    }

    async fn put(&self, parcel: &Parcel<'_>) -> bool {
        let acknowledged = match &self.l2 {
            Some(l2) => l2.put(parcel).await,
            None => true,
        };
        self.invalidated(std::slice::from_ref(parcel.key), &[], acknowledged)
    }

    fn invalidated(&self, keys: &[AnyKey], tags: &[Tag], acknowledged: bool) -> bool {
        self.outdate(keys, tags);
        self.tally.invalidations.add(1);
        self.tally.unacknowledged.add(usize::from(!acknowledged));
        acknowledged
    }

    fn outdate(&self, keys: &[AnyKey], tags: &[Tag]) {
        for key in keys {
            self.generations.raise(key.hash());
            self.l1.drop_copy(key);
        }
        for tag in tags {
            self.generations.raise(tag.hash());
        }
    }
}
