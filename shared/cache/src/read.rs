//! Reading through the tiers: L1, one round trip to L2, one call of the loader.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::flight::{Boarding, Outcome, Panicked, Pilot, Reader, Saw, Wait};
use crate::generations::Stamp;
use crate::key::{AnyKey, Key};
use crate::l1::Confirmed;
use crate::l2::Lookup;
use crate::load::Load;
use crate::token::Tokens;
use crate::{Cache, Shared, envelope};

impl Cache {
    /// The value of a key: from L1, else from L2, else from `load`, of which one
    /// call serves all who miss meanwhile. `Ok(None)` is the loader's "not found"
    /// and is not kept. The cache itself never fails a call.
    ///
    /// The loader runs in a task, so that it goes on when this call is dropped: it
    /// owns what it uses, and task-local values do not reach it.
    ///
    /// # Panics
    /// If the loader that this call shares panicked: with its message.
    pub async fn get_or_load<V, E, F, Fut>(&self, key: &Key<V>, load: F) -> Result<Option<Arc<V>>, E>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        if let Some(copy) = self.shared.copy_of(key) {
            return Ok(Some(copy));
        }
        let search = Search::begin(&self.shared, vec![key.clone()]);
        let load = |_| async { Ok(vec![load().await?]) };
        Ok(search.run(load).await?.pop().flatten())
    }

    /// The values of many keys, in their order: from L1, the rest in one round
    /// trip from L2, the rest by one call of `load`, which is given the positions
    /// in `keys` that it is to load and answers them in the same order. A key
    /// that someone else is loading is not loaded again but waited for. One error
    /// fails the call.
    ///
    /// # Panics
    /// If a loader that this call shares panicked, or answered another number of
    /// keys than it was given.
    pub async fn get_many<V, E, F, Fut>(&self, keys: &[Key<V>], load: F) -> Result<Vec<Option<Arc<V>>>, E>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let mut values: Vec<_> = keys.iter().map(|key| self.shared.copy_of(key)).collect();
        let wanted: Vec<usize> = (0..keys.len()).filter(|&at| values[at].is_none()).collect();
        if wanted.is_empty() {
            return Ok(values);
        }
        let search = Search::begin(&self.shared, wanted.iter().map(|&at| keys[at].clone()).collect());
        let positions = wanted.clone();
        let load = move |missing: Vec<usize>| load(missing.into_iter().map(|i| positions[i]).collect());
        for (at, value) in wanted.into_iter().zip(search.run(load).await?) {
            values[at] = value;
        }
        Ok(values)
    }
}

impl Shared {
    /// L1's copy, if it may be served.
    fn copy_of<V: Send + Sync + 'static>(&self, key: &Key<V>) -> Option<Arc<V>> {
        // The time first: reading it notices a step back, which the stamp then holds.
        let now_ms = self.clock.now_ms();
        let stamp = self.generations.stamp(key.any(), &self.clock);
        let copy = self.l1.get(key.any(), stamp, now_ms)?;
        self.tally.l1_hits.add(1);
        Some(copy)
    }

    /// The value that L2 has of a key, from now on in L1 too; else the tokens that
    /// stand. The stamp and the time are from before the look-up.
    pub(crate) fn opened<V>(
        &self,
        key: &AnyKey,
        lookup: Lookup,
        stamp: Stamp,
        at_ms: u64,
    ) -> Result<Arc<V>, Option<Tokens>>
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        let sealed = match lookup {
            Lookup::Standing(sealed) => sealed,
            Lookup::Missing(standing) => return Err(standing),
        };
        let Some(value) = envelope::decode(sealed.value()).map(Arc::new) else {
            self.tally.unreadable.add(1);
            return Err(Some(sealed.envelope.tokens));
        };
        let confirmed = Confirmed { stamp, at_ms, fresh_until_ms: sealed.envelope.fresh_until_ms() };
        self.l1.put(key, Arc::clone(&value), sealed.value().len(), &confirmed);
        Ok(value)
    }
}

/// The keys that L1 could not answer, on their way through L2 and the loader.
struct Search<'a, V> {
    shared: &'a Arc<Shared>,
    keys: Vec<Key<V>>,
    /// Each key's stamp from before the look-up.
    stamps: Vec<Stamp>,
    since: Instant,
    now_ms: u64,
}

/// How far one key has come.
enum Found<V> {
    Value(Arc<V>),
    Nothing(Saw),
}

/// What one key waits for.
enum Place<V, E> {
    Found(Arc<V>),
    Aboard(Wait<V, E>),
}

impl<'a, V> Search<'a, V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn begin(shared: &'a Arc<Shared>, keys: Vec<Key<V>>) -> Self {
        let now_ms = shared.clock.now_ms();
        let stamp = |key: &Key<V>| shared.generations.stamp(key.any(), &shared.clock);
        Self { shared, stamps: keys.iter().map(stamp).collect(), keys, since: Instant::now(), now_ms }
    }

    async fn run<E, F, Fut>(self, load: F) -> Result<Vec<Option<Arc<V>>>, E>
    where
        E: Clone + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let found = self.ask_l2().await;
        let places = self.board(found, load);
        let mut values = Vec::with_capacity(places.len());
        for place in places {
            values.push(place.value().await?);
        }
        Ok(values)
    }

    async fn ask_l2(&self) -> Vec<Found<V>> {
        let lookups = match &self.shared.l2 {
            Some(l2) => l2.read(&self.any_keys(), self.now_ms).await,
            None => None,
        };
        match lookups {
            Some(lookups) => {
                lookups.into_iter().enumerate().map(|(i, lookup)| self.found(i, lookup)).collect()
            }
            None => self.keys.iter().map(|_| Found::Nothing(Saw::Nothing)).collect(),
        }
    }

    fn any_keys(&self) -> Vec<&AnyKey> {
        self.keys.iter().map(Key::any).collect()
    }

    fn found(&self, i: usize, lookup: Lookup) -> Found<V> {
        match self.shared.opened(self.keys[i].any(), lookup, self.stamps[i], self.now_ms) {
            Ok(value) => {
                self.shared.tally.l2_hits.add(1);
                Found::Value(value)
            }
            Err(standing) => Found::Nothing(Saw::Tokens(standing)),
        }
    }

    /// Finds every missing key a flight, and begins one load for all new ones.
    fn board<E, F, Fut>(&self, found: Vec<Found<V>>, load: F) -> Vec<Place<V, E>>
    where
        E: Clone + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let mut pilots = Vec::new();
        let mut places = Vec::with_capacity(found.len());
        for (i, found) in found.into_iter().enumerate() {
            places.push(match found {
                Found::Value(value) => Place::Found(value),
                Found::Nothing(saw) => {
                    let (wait, pilot) = self.place(i, saw);
                    pilots.extend(pilot.map(|pilot| (i, pilot)));
                    Place::Aboard(wait)
                }
            });
        }
        if !pilots.is_empty() {
            let run = Load { shared: Arc::clone(self.shared), pilots }.run(load);
            tokio::spawn(run.in_current_span());
        }
        places
    }

    fn place<E>(&self, i: usize, saw: Saw) -> (Wait<V, E>, Option<Pilot<V, E>>)
    where
        E: Clone + Send + Sync + 'static,
    {
        let key = self.keys[i].any();
        let reader =
            Reader { since: self.since, stamp: self.shared.generations.stamp(key, &self.shared.clock), saw };
        self.shared.tally.misses.add(1);
        match self.shared.flights.board(key, &reader) {
            Boarding::Joined(wait) => {
                self.shared.tally.coalesced.add(1);
                (wait, None)
            }
            Boarding::Began(wait, pilot) => (wait, Some(pilot)),
        }
    }
}

impl<V, E: Clone> Place<V, E>
where
    V: 'static,
{
    async fn value(self) -> Outcome<V, E> {
        match self {
            Self::Found(value) => Ok(Some(value)),
            Self::Aboard(wait) => match wait.await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(Panicked(message))) => resume_unwind(Box::new(message.to_string())),
                Err(_) => resume_unwind(Box::new("the load's runtime was shut down")),
            },
        }
    }
}
