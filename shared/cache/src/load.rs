//! A load: the task that calls a loader once for the keys nobody else is loading.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Shared;
use crate::flight::{Ending, Panicked, Pilot};
use crate::l1::Confirmed;
use crate::l2::{Lookup, Parcel};
use crate::token::Tokens;

/// A load about to begin.
pub(crate) struct Load<V, E> {
    pub(crate) shared: Arc<Shared>,
    /// The flights it serves, and what the loader calls their keys.
    pub(crate) pilots: Vec<(usize, Pilot<V, E>)>,
}

/// A flight whose value is in no tier, and the tokens under which it is loaded.
struct Missing<V, E> {
    position: usize,
    pilot: Pilot<V, E>,
    tokens: Option<Tokens>,
}

/// A loaded value, serialised, and the time from before its load.
struct Loaded<V> {
    value: Arc<V>,
    encoded: Option<Vec<u8>>,
    at_ms: u64,
    fresh_ms: u64,
}

impl<V, E> Load<V, E>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
    E: Clone,
{
    /// Takes tokens, loads, keeps what came, and ends the flights: in this order,
    /// so that who comes next finds the value kept.
    pub(crate) async fn run<F, Fut>(self, load: F)
    where
        F: FnOnce(Vec<usize>) -> Fut,
        Fut: Future<Output = Result<Vec<Option<V>>, E>>,
    {
        let shared = Arc::clone(&self.shared);
        let at_ms = shared.clock.now_ms();
        let missing = self.look_again(at_ms).await;
        if missing.is_empty() {
            return;
        }
        shared.tally.loads.add(1);
        for one in &missing {
            one.pilot.depart(one.tokens.clone());
        }
        let positions = missing.iter().map(|one| one.position).collect();
        match answered(load, positions).await {
            Ok(Ok(values)) => shared.keep(missing, values, at_ms).await,
            Ok(Err(error)) => shared.fail(missing, &Ok(Err(error))),
            Err(panicked) => shared.fail(missing, &Err(panicked)),
        }
    }

    /// Ends the flights whose value has come into a tier since their readers
    /// looked, and takes tokens for the others.
    async fn look_again(self, at_ms: u64) -> Vec<Missing<V, E>> {
        for (_, pilot) in &self.pilots {
            pilot.look();
        }
        let lookups = self.prepare(at_ms).await;
        let mut missing = Vec::with_capacity(lookups.len());
        for ((position, pilot), lookup) in self.pilots.into_iter().zip(lookups) {
            match self.shared.late(&pilot, lookup, at_ms) {
                Ok(value) if pilot.close() => {
                    self.shared.tally.coalesced.add(1);
                    pilot.land(Ok(Ok(Some(value))));
                }
                // Loaded and not written: L2 has a value that stands.
                Ok(_) => missing.push(Missing { position, pilot, tokens: None }),
                Err(tokens) => missing.push(Missing { position, pilot, tokens }),
            }
        }
        missing
    }

    async fn prepare(&self, at_ms: u64) -> Vec<Lookup> {
        let keys: Vec<_> = self.pilots.iter().map(|(_, pilot)| &pilot.key).collect();
        let lookups = match &self.shared.l2 {
            Some(l2) => l2.prepare(&keys, at_ms).await,
            None => None,
        };
        lookups.unwrap_or_else(|| keys.iter().map(|_| Lookup::Missing(None)).collect())
    }
}

impl Shared {
    /// What a tier has by now, else the tokens that stand.
    fn late<V, E>(&self, pilot: &Pilot<V, E>, lookup: Lookup, at_ms: u64) -> Result<Arc<V>, Option<Tokens>>
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        match self.l1.get(&pilot.key, pilot.stamp(), at_ms) {
            Some(copy) => Ok(copy),
            None => self.opened(&pilot.key, lookup, pilot.stamp(), at_ms),
        }
    }

    fn fail<V, E: Clone>(&self, missing: Vec<Missing<V, E>>, ending: &Ending<V, E>) {
        self.tally.load_errors.add(1);
        for one in missing {
            one.pilot.land(ending.clone());
        }
    }

    async fn keep<V, E>(&self, missing: Vec<Missing<V, E>>, values: Vec<Option<V>>, at_ms: u64)
    where
        V: Serialize + Send + Sync + 'static,
    {
        let of_keys = missing.iter().zip(values);
        let loaded: Vec<Option<Loaded<V>>> =
            of_keys.map(|(one, value)| Some(self.loaded(&one.pilot, value?, at_ms))).collect();
        if let Some(l2) = &self.l2 {
            let of_keys = missing.iter().zip(&loaded);
            let parcels: Vec<_> = of_keys.filter_map(|(one, loaded)| one.parcel(loaded.as_ref()?)).collect();
            l2.write(&parcels).await;
        }
        for (one, loaded) in missing.into_iter().zip(loaded) {
            one.pilot.land(Ok(Ok(loaded.map(|loaded| loaded.value))));
        }
    }

    /// Serialises a value and keeps it in L1.
    fn loaded<V, E>(&self, pilot: &Pilot<V, E>, value: V, at_ms: u64) -> Loaded<V>
    where
        V: Serialize + Send + Sync + 'static,
    {
        let loaded = Loaded {
            encoded: self.encoded(&value),
            value: Arc::new(value),
            at_ms,
            fresh_ms: pilot.key.policy().jittered_fresh_ms(),
        };
        self.keep_copy(pilot, &loaded);
        loaded
    }

    /// None if postcard refuses: then the value is answered and not kept.
    fn encoded<V: Serialize>(&self, value: &V) -> Option<Vec<u8>> {
        let encoded = postcard::to_stdvec(value).ok();
        if encoded.is_none() {
            self.tally.unreadable.add(1);
        }
        encoded
    }

    fn keep_copy<V, E>(&self, pilot: &Pilot<V, E>, loaded: &Loaded<V>)
    where
        V: Send + Sync + 'static,
    {
        let Some(encoded) = &loaded.encoded else { return };
        let confirmed = Confirmed {
            stamp: pilot.stamp(),
            at_ms: loaded.at_ms,
            fresh_until_ms: loaded.at_ms.saturating_add(loaded.fresh_ms),
        };
        self.l1.put(&pilot.key, Arc::clone(&loaded.value), encoded.len(), &confirmed);
    }
}

impl<V, E> Missing<V, E> {
    /// None if there is nothing to write, or nothing under which to write it.
    fn parcel<'a>(&'a self, loaded: &'a Loaded<V>) -> Option<Parcel<'a>> {
        Some(Parcel {
            key: &self.pilot.key,
            tokens: self.tokens.as_ref()?,
            value: loaded.encoded.as_deref()?,
            stored_at_ms: loaded.at_ms,
            fresh_ms: loaded.fresh_ms,
        })
    }
}

/// The loader's answer, or its panic.
async fn answered<V, E, F, Fut>(load: F, positions: Vec<usize>) -> Result<Result<Vec<Option<V>>, E>, Panicked>
where
    F: FnOnce(Vec<usize>) -> Fut,
    Fut: Future<Output = Result<Vec<Option<V>>, E>>,
{
    let wanted = positions.len();
    let answer = async {
        let answer = load(positions).await;
        if let Ok(values) = &answer {
            assert_eq!(values.len(), wanted, "a loader answers each key it is given");
        }
        answer
    };
    let caught = AssertUnwindSafe(answer).catch_unwind().await;
    caught.map_err(|payload| Panicked(message(payload.as_ref())))
}

/// What a panic said, as far as it said it in text.
fn message(payload: &(dyn std::any::Any + Send)) -> Arc<str> {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a loader panicked").into()
}
