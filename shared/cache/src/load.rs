//! A load: the task that calls a loader once for the keys nobody else is loading.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{sleep, timeout};

use crate::envelope::Age;
use crate::flight::{Ending, Panicked, Pilot};
use crate::generations::Stamp;
use crate::key::AnyKey;
use crate::l1::{Confirmed, Known};
use crate::l2::{Lease, Lookup, Parcel, Prepared, Stored};
use crate::policy::Policy;
use crate::token::Tokens;
use crate::{Shared, TimedOut};

/// The first and the longest pause between looks for another process's result.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(25));
/// Looks that readers who keep boarding may cause before it loads.
const LOOKS: u32 = 3;

/// A load about to begin.
pub(crate) struct Load<V, E> {
    shared: Arc<Shared>,
    errands: Vec<Errand<V, E>>,
}

/// One flight, and what is known of its key so far.
struct Errand<V, E> {
    /// What the loader calls the key.
    position: usize,
    pilot: Pilot<V, E>,
    /// What stands, and under which its value is to be stored.
    tokens: Option<Tokens>,
    lease: Lease,
    /// What to serve if the loader fails or is slow.
    stale: Option<Arc<V>>,
    /// Whether a tier had it, but too early for someone aboard.
    found: bool,
}

/// A loaded value, and what is to be kept of it.
struct Loaded<V> {
    value: Known<V>,
    kept: Kept,
}

enum Kept {
    /// These bytes, fresh for these milliseconds.
    New(Vec<u8>, u64),
    /// Nothing more: the tiers have it.
    Already,
    /// Nothing.
    Not,
}

type Landed<V, E> = Result<Option<(AnyKey, Lease)>, Errand<V, E>>;
type Answered<V, E> = Result<Result<Vec<Option<V>>, E>, Panicked>;

impl<V, E> Load<V, E>
where
    V: Serialize + DeserializeOwned + Send + Sync + 'static,
    E: Clone + From<TimedOut>,
{
    /// `pilots` are the flights it serves, each with what the loader calls its key.
    pub(crate) fn new(shared: &Arc<Shared>, pilots: Vec<(usize, Pilot<V, E>)>) -> Self {
        Self { shared: Arc::clone(shared), errands: pilots.into_iter().map(Errand::new).collect() }
    }

    /// Takes tokens, loads, keeps what came, and ends the flights: in this order,
    /// so that who comes next finds the value kept.
    pub(crate) async fn run<F, Fut>(mut self, load: F)
    where
        F: FnOnce(Vec<usize>) -> Fut,
        Fut: Future<Output = Result<Vec<Option<V>>, E>>,
    {
        let at_ms = self.approach().await;
        if self.errands.is_empty() {
            return;
        }
        self.shared.tally.loads.add(1);
        for errand in &self.errands {
            errand.pilot.depart(at_ms, errand.tokens.clone());
        }
        let answer = self.answer(load).await;
        match answer {
            Ok(Ok(values)) => self.shared.keep(self.errands, values, at_ms).await,
            Ok(Err(error)) => self.shared.fail(self.errands, &Ok(Err(error))).await,
            Err(panicked) => self.shared.fail(self.errands, &Err(panicked)).await,
        }
    }

    /// Ends the flights whose value comes into a tier, and says for which time
    /// the tokens of the others were taken. While another process loads all that
    /// is missing, it waits, for the length of a lease; while it has one to load
    /// itself, it loads all, so that nobody waits who is waited for.
    async fn approach(&mut self) -> u64 {
        let (since, lease) = (Instant::now(), self.longest_lease());
        let (mut pause, mut looks) = (PAUSES.0, 0);
        loop {
            let at_ms = self.look().await;
            looks += 1;
            if self.errands.is_empty() {
                return at_ms;
            }
            if self.errands.iter().any(|errand| errand.found) && looks < LOOKS {
                continue;
            }
            let theirs = self.errands.iter().all(|errand| errand.lease == Lease::Theirs);
            if !theirs || since.elapsed() >= lease {
                return at_ms;
            }
            sleep(pause / 2 + pause * fastrand::u32(0..1_000) / 1_000).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    fn longest_lease(&self) -> Duration {
        self.policies().map(|policy| policy.lease).max().unwrap_or_default()
    }

    /// Asks L2 once, and lands what can land.
    async fn look(&mut self) -> u64 {
        let shared = Arc::clone(&self.shared);
        let at_ms = shared.clock.now_ms();
        for errand in &self.errands {
            errand.pilot.look();
        }
        let prepared = self.prepare(at_ms).await;
        let errands = std::mem::take(&mut self.errands).into_iter().zip(prepared);
        let mut unused = Vec::new();
        for (errand, seen) in errands {
            match shared.landed(errand, seen, at_ms) {
                Ok(lease) => unused.extend(lease),
                Err(errand) => self.errands.push(errand),
            }
        }
        if !unused.is_empty() {
            // Nobody waits for that.
            tokio::spawn(async move { shared.release(unused).await });
        }
        at_ms
    }

    async fn prepare(&self, at_ms: u64) -> Vec<Prepared> {
        let keys: Vec<_> = self.errands.iter().map(|errand| &errand.pilot.key).collect();
        match &self.shared.l2 {
            Some(l2) => l2.prepare(&keys, at_ms).await,
            None => keys.iter().map(|_| Prepared::unanswered()).collect(),
        }
    }

    /// Calls the loader. Past the soft time-out, those who can have a stale value
    /// get it, and the load goes on.
    async fn answer<F, Fut>(&mut self, load: F) -> Answered<V, E>
    where
        F: FnOnce(Vec<usize>) -> Fut,
        Fut: Future<Output = Result<Vec<Option<V>>, E>>,
    {
        let positions = self.errands.iter().map(|errand| errand.position).collect();
        let hard = self.policies().filter_map(|policy| policy.hard_timeout).min();
        let soft = self.policies().filter_map(|policy| policy.soft_timeout).min();
        let mut answer = pin!(answered(load, positions, hard));
        if let Some(soft) = soft {
            match timeout(soft, &mut answer).await {
                Ok(answer) => return answer,
                Err(_) => self.serve_stale(),
            }
        }
        answer.await
    }

    fn serve_stale(&mut self) {
        for errand in &mut self.errands {
            if let Some(stale) = &errand.stale {
                self.shared.tally.stale.add(1);
                errand.pilot.announce(Ok(Ok(Some(Arc::clone(stale)))));
            }
        }
    }

    fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.errands.iter().map(|errand| errand.pilot.key.policy())
    }
}

impl<V, E> Errand<V, E> {
    fn new((position, pilot): (usize, Pilot<V, E>)) -> Self {
        Self { position, pilot, tokens: None, lease: Lease::Unknown, stale: None, found: false }
    }

    /// None if there is nothing to store, or nothing under which to store it.
    fn parcel<'a>(&'a self, loaded: &'a Loaded<V>, at_ms: u64) -> Option<Parcel<'a>> {
        let Kept::New(encoded, fresh_ms) = &loaded.kept else { return None };
        Some(Parcel {
            key: &self.pilot.key,
            tokens: self.tokens.as_ref()?,
            lease: self.lease,
            value: loaded.value.as_ref().map(|_| encoded.as_slice()),
            at_ms,
            fresh_ms: *fresh_ms,
        })
    }
}

impl Shared {
    /// Ends the flight if a tier has its value by now, and answers a lease that
    /// was taken for nothing; else notes what L2 knows.
    fn landed<V, E>(&self, mut errand: Errand<V, E>, seen: Prepared, at_ms: u64) -> Landed<V, E>
    where
        V: DeserializeOwned + Send + Sync + 'static,
        E: Clone,
    {
        // The lease that an earlier look took is still ours.
        if !matches!(errand.lease, Lease::Ours(_)) {
            errand.lease = seen.lease;
        }
        let found = self.found(&mut errand, seen.lookup, at_ms);
        errand.found = found.is_some();
        match found {
            Some(known) if errand.pilot.close() => {
                self.tally.coalesced.add(1);
                let lease = (errand.pilot.key.clone(), errand.lease);
                errand.pilot.land(Ok(Ok(known)));
                Ok(matches!(lease.1, Lease::Ours(_)).then_some(lease))
            }
            _ => Err(errand),
        }
    }

    fn found<V, E>(&self, errand: &mut Errand<V, E>, lookup: Lookup, at_ms: u64) -> Option<Known<V>>
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        let (key, stamp) = (&errand.pilot.key, errand.pilot.stamp());
        errand.stale = None;
        match lookup {
            Lookup::Standing(sealed) => {
                errand.tokens = Some(sealed.envelope.tokens.clone());
                let value = self.opened(key, &sealed, stamp, at_ms)?;
                if sealed.age == Age::Fresh {
                    return Some(value);
                }
                errand.stale = value;
            }
            Lookup::Missing(tokens) => errand.tokens = tokens,
            Lookup::Unanswered => {
                errand.tokens = None;
                errand.stale = self.l1.last_copy(key, stamp, at_ms);
            }
        }
        self.l1.get(key, stamp, at_ms)
    }

    /// Who can have a stale value gets it; the others get the error.
    async fn fail<V, E: Clone>(&self, errands: Vec<Errand<V, E>>, ending: &Ending<V, E>) {
        self.tally.load_errors.add(1);
        let mut leases = Vec::new();
        for errand in errands {
            leases.push((errand.pilot.key.clone(), errand.lease));
            let ending = match errand.stale {
                Some(stale) => {
                    self.tally.stale.add(1);
                    Ok(Ok(Some(stale)))
                }
                None => ending.clone(),
            };
            errand.pilot.land(ending);
        }
        self.release(leases).await;
    }

    async fn release(&self, leases: Vec<(AnyKey, Lease)>) {
        if let Some(l2) = &self.l2 {
            l2.release(&leases).await;
        }
    }

    async fn keep<V, E>(&self, errands: Vec<Errand<V, E>>, values: Vec<Option<V>>, at_ms: u64)
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
        E: Clone,
    {
        let keys = errands.iter().map(|errand| &errand.pilot.key);
        let mut loaded: Vec<_> = keys.zip(values).map(|(key, value)| self.loaded(key, value)).collect();
        self.store(&errands, &mut loaded, at_ms).await;
        let mut leases = Vec::new();
        for (errand, loaded) in errands.into_iter().zip(loaded) {
            self.keep_copy(&errand.pilot.key, errand.pilot.stamp(), &loaded, at_ms);
            if matches!(loaded.kept, Kept::Not) {
                leases.push((errand.pilot.key.clone(), errand.lease));
            }
            errand.pilot.land(Ok(Ok(loaded.value)));
        }
        self.release(leases).await;
    }

    /// Stores what is to be stored, and takes over what stands in its place.
    async fn store<V, E>(&self, errands: &[Errand<V, E>], loaded: &mut [Loaded<V>], at_ms: u64)
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        let Some(l2) = &self.l2 else { return };
        let parcels = errands.iter().zip(&*loaded).map(|(errand, loaded)| errand.parcel(loaded, at_ms));
        let (positions, parcels): (Vec<_>, Vec<_>) =
            parcels.enumerate().filter_map(|(at, parcel)| Some((at, parcel?))).unzip();
        for (at, stored) in positions.into_iter().zip(l2.store(&parcels).await) {
            let Stored::Instead(sealed) = stored else { continue };
            let pilot = &errands[at].pilot;
            if let Some(value) = self.opened(&pilot.key, &sealed, pilot.stamp(), at_ms) {
                loaded[at] = Loaded { value, kept: Kept::Already };
            }
        }
    }

    fn loaded<V: Serialize>(&self, key: &AnyKey, value: Option<V>) -> Loaded<V> {
        let policy = key.policy();
        let Some(value) = value else {
            let kept = policy.negative_ms().map_or(Kept::Not, |ms| Kept::New(Vec::new(), ms));
            return Loaded { value: None, kept };
        };
        let encoded = postcard::to_stdvec(&value);
        self.tally.unreadable.add(usize::from(encoded.is_err()));
        let kept = encoded.map_or(Kept::Not, |encoded| Kept::New(encoded, policy.fresh_ms()));
        Loaded { value: Some(Arc::new(value)), kept }
    }

    fn keep_copy<V>(&self, key: &AnyKey, stamp: Stamp, loaded: &Loaded<V>, at_ms: u64)
    where
        V: Send + Sync + 'static,
    {
        let Kept::New(encoded, fresh_ms) = &loaded.kept else { return };
        let confirmed = Confirmed { stamp, at_ms, fresh_until_ms: at_ms.saturating_add(*fresh_ms) };
        self.l1.put(key, loaded.value.clone(), encoded.len(), &confirmed);
    }
}

/// The loader's answer, its panic, or the error of the time-out.
async fn answered<V, E, F, Fut>(load: F, positions: Vec<usize>, limit: Option<Duration>) -> Answered<V, E>
where
    E: From<TimedOut>,
    F: FnOnce(Vec<usize>) -> Fut,
    Fut: Future<Output = Result<Vec<Option<V>>, E>>,
{
    let wanted = positions.len();
    let answer = async {
        let answer = within(limit, load(positions)).await;
        if let Ok(values) = &answer {
            assert_eq!(values.len(), wanted, "a loader answers each key it is given");
        }
        answer
    };
    let caught = AssertUnwindSafe(answer).catch_unwind().await;
    caught.map_err(|payload| Panicked(message(payload.as_ref())))
}

async fn within<T, E: From<TimedOut>>(
    limit: Option<Duration>,
    load: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match limit {
        Some(limit) => timeout(limit, load).await.unwrap_or_else(|_| Err(TimedOut { limit }.into())),
        None => load.await,
    }
}

/// What a panic said, as far as it said it in text.
fn message(payload: &(dyn std::any::Any + Send)) -> Arc<str> {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a loader panicked").into()
}
