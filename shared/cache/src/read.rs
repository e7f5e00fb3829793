//! Reading through the tiers: L1, one round trip to L2, one call of the loader.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::envelope::{self, Age};
use crate::flight::{Boarding, Outcome, Panicked, Pilot, Reader, Saw, Wait};
use crate::generations::Stamp;
use crate::key::{AnyKey, Key};
use crate::l1::{Confirmed, Known};
use crate::l2::{Lookup, Sealed};
use crate::load::Load;
use crate::refresh::Claim;
use crate::{Cache, Shared, TimedOut};

/// Of so many hits in L1 one is timed, by doing it again: reading a clock twice
/// would take as long as the hit.
const ONE_IN: u64 = 256;

impl Cache {
    /// The value of a key: from L1, else from L2, else from `load`, of which one
    /// call serves all who miss meanwhile. `Ok(None)` is the loader's "not found".
    /// The cache itself never fails a call.
    ///
    /// The loader runs in a task, so that it goes on when this call is dropped: it
    /// owns what it uses, and task-local values do not reach it.
    ///
    /// # Errors
    /// The loader's own, or the one that [`TimedOut`] converts into, when the
    /// kind's policy has nothing stale to serve instead.
    ///
    /// # Panics
    /// If the loader that this call shares panicked: with its message.
    pub async fn get_or_load<V, E, F, Fut>(&self, key: &Key<V>, load: F) -> Result<Option<Arc<V>>, E>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        E: Clone + From<TimedOut> + Send + Sync + 'static,
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<V>, E>> + Send + 'static,
    {
        if let Some(known) = self.shared.known(key) {
            return Ok(known);
        }
        let search = Search::begin(&self.shared, vec![key.clone()]);
        let load = |_| async { Ok::<_, E>(vec![load().await?]) };
        // In a box, so that a hit in L1 does not pay for the room that this takes.
        Ok(Box::pin(search.run(load)).await?.pop().flatten())
    }

    /// The values of many keys, in their order: from L1, the rest in one round
    /// trip from L2, the rest by one call of `load`, which is given the positions
    /// in `keys` that it is to load and answers them in the same order. A key
    /// that someone else is loading is not loaded again but waited for.
    ///
    /// # Errors
    /// As [`Self::get_or_load`]; one error fails the call.
    ///
    /// # Panics
    /// If a loader that this call shares panicked, or answered another number of
    /// keys than it was given.
    pub async fn get_many<V, E, F, Fut>(&self, keys: &[Key<V>], load: F) -> Result<Vec<Option<Arc<V>>>, E>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        E: Clone + From<TimedOut> + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let known: Vec<_> = keys.iter().map(|key| self.shared.known(key)).collect();
        let wanted: Vec<usize> = (0..keys.len()).filter(|&at| known[at].is_none()).collect();
        let mut values: Vec<_> = known.into_iter().map(Option::flatten).collect();
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

    /// The value of a key if a tier has it, also one that is due to be loaded
    /// anew. Never loads.
    pub async fn get<V>(&self, key: &Key<V>) -> Option<Arc<V>>
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        if let Some(known) = self.shared.known(key) {
            return known;
        }
        match Search::begin(&self.shared, vec![key.clone()]).ask_l2().await.pop()? {
            Found::Value(known) => known,
            Found::Stale(value, _) => Some(value),
            Found::Nothing(_) => None,
        }
    }
}

impl Shared {
    /// What L1 knows, if it may be served.
    fn known<V: Send + Sync + 'static>(&self, key: &Key<V>) -> Option<Known<V>> {
        // Kinds that keep no copies do without the clock.
        key.any().policy().l1?;
        let known = self.in_l1(key)?;
        if self.tally.l1_hits.increase(1).is_multiple_of(ONE_IN) {
            let since = Instant::now();
            let _ = self.in_l1(key);
            self.tally.l1_latency.record(since.elapsed());
        }
        Some(known)
    }

    fn in_l1<V: Send + Sync + 'static>(&self, key: &Key<V>) -> Option<Known<V>> {
        // The time first: reading it notices a step back, which the stamp then holds.
        let now_ms = self.clock.now_ms();
        let stamp = self.generations.stamp(key.any(), &self.clock);
        self.l1.get(key.any(), stamp, now_ms)
    }

    /// What an entry says, from now on in L1 too if it is fresh; none if it cannot
    /// be read. Stamp and time are from before the look-up.
    pub(crate) fn opened<V>(
        &self,
        key: &AnyKey,
        sealed: &Sealed,
        stamp: Stamp,
        at_ms: u64,
    ) -> Option<Known<V>>
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        let (known, encoded) = self.decoded(sealed)?;
        if sealed.age == Age::Fresh {
            let fresh_until_ms = sealed.envelope.fresh_until_ms();
            self.l1.put(key, known.clone(), encoded, &Confirmed { stamp, at_ms, fresh_until_ms });
        }
        Some(known)
    }

    /// What an entry says, and the length of its encoded value.
    pub(crate) fn decoded<V: DeserializeOwned>(&self, sealed: &Sealed) -> Option<(Known<V>, usize)> {
        if sealed.envelope.is_absent() {
            return Some((None, 0));
        }
        let decoded = sealed.value().and_then(|bytes| Some((envelope::decode(&bytes)?, bytes.len())));
        let Some((value, encoded)) = decoded else {
            self.tally.unreadable.add(1);
            return None;
        };
        Some((Some(Arc::new(value)), encoded))
    }
}

/// The keys that L1 could not answer, on their way through L2 and the loader.
pub(crate) struct Search<V> {
    shared: Arc<Shared>,
    keys: Vec<Key<V>>,
    /// Each key's stamp from before the look-up.
    stamps: Vec<Stamp>,
    since: Instant,
    now_ms: u64,
}

/// How far one key has come.
enum Found<V> {
    Value(Known<V>),
    /// A value to be served, and then to be loaded anew.
    Stale(Arc<V>, Saw),
    Nothing(Saw),
}

/// What one key waits for.
enum Place<V, E> {
    Found(Known<V>),
    Aboard(Wait<V, E>),
}

impl<V> Search<V>
where
    V: DeserializeOwned + Send + Sync + 'static,
{
    pub(crate) fn begin(shared: &Arc<Shared>, keys: Vec<Key<V>>) -> Self {
        let now_ms = shared.clock.now_ms();
        let stamp = |key: &Key<V>| shared.generations.stamp(key.any(), &shared.clock);
        let stamps = keys.iter().map(stamp).collect();
        Self { shared: Arc::clone(shared), stamps, keys, since: Instant::now(), now_ms }
    }

    async fn ask_l2(&self) -> Vec<Found<V>> {
        let Some(l2) = &self.shared.l2 else {
            return self.keys.iter().map(|_| Found::Nothing(Saw::Nothing)).collect();
        };
        let keys: Vec<_> = self.keys.iter().map(Key::any).collect();
        let lookups = l2.read(&keys, self.now_ms).await;
        if lookups.iter().any(|lookup| !matches!(lookup, Lookup::Unanswered)) || !l2.is_away() {
            self.shared.tally.l2_latency.record(self.since.elapsed());
        }
        lookups.into_iter().enumerate().map(|(i, lookup)| self.found(i, lookup)).collect()
    }

    fn found(&self, i: usize, lookup: Lookup) -> Found<V> {
        let sealed = match lookup {
            Lookup::Standing(sealed) => sealed,
            Lookup::Missing(tokens) => {
                // What L2 no longer vouches for is no last resort either.
                self.shared.l1.drop_copy(self.keys[i].any());
                return Found::Nothing(Saw::Tokens(tokens));
            }
            Lookup::Unanswered => return Found::Nothing(Saw::Nothing),
        };
        let known = match sealed.age {
            Age::IfError => None,
            _ => self.shared.opened(self.keys[i].any(), &sealed, self.stamps[i], self.now_ms),
        };
        let saw = || Saw::Tokens(Some(sealed.envelope.tokens));
        match known {
            Some(Some(stale)) if sealed.age == Age::Revalidate => {
                self.shared.tally.stale.add(1);
                Found::Stale(stale, saw())
            }
            Some(known) => {
                self.shared.tally.l2_hits.add(1);
                Found::Value(known)
            }
            None => Found::Nothing(saw()),
        }
    }
}

impl<V> Search<V>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    async fn run<E, F, Fut>(self, load: F) -> Result<Vec<Option<Arc<V>>>, E>
    where
        E: Clone + From<TimedOut> + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let found = self.ask_l2().await;
        let missed = found.iter().any(|found| matches!(found, Found::Nothing(_)));
        let places = if missed { self.board(found, load) } else { self.serve(found, load) };
        let mut values = Vec::with_capacity(places.len());
        for place in places {
            values.push(place.value().await?);
        }
        if missed {
            self.shared.tally.miss_latency.record(self.since.elapsed());
        }
        Ok(values)
    }

    /// Nothing is missing: what is stale is loaded in the background.
    fn serve<E, F, Fut>(&self, found: Vec<Found<V>>, load: F) -> Vec<Place<V, E>>
    where
        E: Clone + From<TimedOut> + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let is_stale = |i: &usize| matches!(found[*i], Found::Stale(..));
        let claims: Vec<_> = (0..found.len())
            .filter(is_stale)
            .filter_map(|i| Some((i, Claim::of(&self.shared, &self.keys[i])?)))
            .collect();
        if !claims.is_empty() {
            self.shared.refresh_later(claims, load);
        }
        found
            .into_iter()
            .map(|found| match found {
                Found::Value(known) => Place::Found(known),
                Found::Stale(value, _) => Place::Found(Some(value)),
                Found::Nothing(_) => Place::Found(None),
            })
            .collect()
    }

    /// Finds every missing key a flight, and begins one load for all new ones, in
    /// which what is stale is loaded too.
    fn board<E, F, Fut>(&self, found: Vec<Found<V>>, load: F) -> Vec<Place<V, E>>
    where
        E: Clone + From<TimedOut> + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let mut pilots = Vec::new();
        let mut places = Vec::with_capacity(found.len());
        for (i, found) in found.into_iter().enumerate() {
            let (place, pilot) = match found {
                Found::Value(known) => (Place::Found(known), None),
                Found::Stale(value, saw) => (Place::Found(Some(value)), self.place(i, saw).1),
                Found::Nothing(saw) => {
                    self.shared.tally.misses.add(1);
                    let (wait, pilot) = self.place(i, saw);
                    self.shared.tally.coalesced.add(usize::from(pilot.is_none()));
                    (Place::Aboard(wait), pilot)
                }
            };
            places.push(place);
            pilots.extend(pilot.map(|pilot| (i, pilot)));
        }
        if !pilots.is_empty() {
            tokio::spawn(Load::new(&self.shared, pilots).run(load).in_current_span());
        }
        places
    }

    fn place<E>(&self, i: usize, saw: Saw) -> (Wait<V, E>, Option<Pilot<V, E>>)
    where
        E: Clone + Send + Sync + 'static,
    {
        let key = self.keys[i].any();
        let stamp = self.shared.generations.stamp(key, &self.shared.clock);
        let reader = Reader { since: self.since, since_ms: self.now_ms, stamp, saw };
        match self.shared.flights.board(key, &reader) {
            Boarding::Joined(wait) => (wait, None),
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
            Self::Found(known) => Ok(known),
            Self::Aboard(wait) => match wait.await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(Panicked(message))) => resume_unwind(Box::new(message.to_string())),
                Err(_) => resume_unwind(Box::new("the load's runtime was shut down")),
            },
        }
    }
}
