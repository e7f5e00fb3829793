//! Loading anew, in the background, what was served stale.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Instrument;

use crate::flight::{Boarding, Reader, Saw};
use crate::key::{HashOfName, Key, Name};
use crate::load::Load;
use crate::{Shared, TimedOut};

/// The keys whose refresh is queued or under way in this process.
#[derive(Default)]
pub(crate) struct Refreshes(Mutex<HashSet<Name, HashOfName>>);

/// The right to refresh a key: one at a time, given back when dropped, also by
/// a job that is dropped and never run.
pub(crate) struct Claim<V> {
    shared: Arc<Shared>,
    key: Key<V>,
}

impl Refreshes {
    fn with<T>(&self, change: impl FnOnce(&mut HashSet<Name, HashOfName>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<V> Claim<V> {
    /// None if it is claimed.
    pub(crate) fn of(shared: &Arc<Shared>, key: &Key<V>) -> Option<Self> {
        let name = key.any().name().clone();
        let claimed = shared.refreshes.with(|names| names.insert(name));
        claimed.then(|| Self { shared: Arc::clone(shared), key: key.clone() })
    }
}

impl<V> Drop for Claim<V> {
    fn drop(&mut self) {
        self.shared.refreshes.with(|names| names.remove(self.key.any().name()));
    }
}

impl Shared {
    /// Queues a load of the claimed keys; each with what the loader calls it.
    pub(crate) fn refresh_later<V, E, F, Fut>(self: &Arc<Self>, claims: Vec<(usize, Claim<V>)>, load: F)
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        E: Clone + From<TimedOut> + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let shared = Arc::clone(self);
        let job = async move { shared.refresh(&claims, load).await };
        self.background.hand_over(Box::pin(job.in_current_span()));
    }

    async fn refresh<V, E, F, Fut>(self: &Arc<Self>, claims: &[(usize, Claim<V>)], load: F)
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        E: Clone + From<TimedOut> + Send + Sync + 'static,
        F: FnOnce(Vec<usize>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Vec<Option<V>>, E>> + Send + 'static,
    {
        let mut pilots = Vec::with_capacity(claims.len());
        for (position, claim) in claims {
            let key = claim.key.any();
            let since_ms = self.clock.now_ms();
            let stamp = self.generations.stamp(key, &self.clock);
            let reader = Reader { since: Instant::now(), since_ms, stamp, saw: Saw::Tokens(None) };
            if let Boarding::Began(_, pilot) = self.flights.board::<V, E>(key, &reader) {
                pilots.push((*position, pilot));
            }
        }
        if !pilots.is_empty() {
            // A task, as every load: callers may have come aboard, who must not be
            // lost if the queue drops this job.
            let load = tokio::spawn(Load::new(self, pilots).run(load).in_current_span());
            // It fails only when its runtime is being shut down.
            let _ = load.await;
        }
    }
}
