//! A load: the task that calls a loader once for the keys nobody else is loading.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::join;
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
    /// Whether L2 has an entry that stands, if an old one.
    standing: bool,
    /// Whether a tier had a fresh one, but too early for someone aboard.
    too_early: bool,
}

/// A loaded value, and what is to be kept of it.
struct Loaded<V> {
    value: Known<V>,
    kept: Kept,
}

enum Kept {
    /// These bytes, fresh for these milliseconds.
    New(Vec<u8>, u64),
    /// Nothing: L2 refused it.
    Refused,
    /// Nothing.
    Not,
}

/// What L2 has of a key when it is asked for what to serve instead.
enum Seen<V> {
    Standing(Known<V>, Age),
    Nothing,
    Unanswered,
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
            if self.errands.iter().any(|errand| errand.too_early) && looks < LOOKS {
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
                // The load goes on meanwhile.
                Err(_) => return join(self.serve_stale(), answer).await.1,
            }
        }
        answer.await
    }

    /// Announces old values where L2 still has them: asked only now, so that
    /// nobody aboard gets one that was invalidated before they came.
    async fn serve_stale(&mut self) {
        let standing: Vec<_> = self.errands.iter_mut().filter(|errand| errand.standing).collect();
        let keys: Vec<_> = standing.iter().map(|errand| errand.pilot.key.clone()).collect();
        for (errand, seen) in standing.into_iter().zip(self.shared.seen::<V>(&keys).await) {
            if let Seen::Standing(Some(value), _) = seen {
                self.shared.tally.stale.add(1);
                errand.pilot.announce(Ok(Ok(Some(value))));
            }
        }
    }

    fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.errands.iter().map(|errand| errand.pilot.key.policy())
    }
}

impl<V, E> Errand<V, E> {
    fn new((position, pilot): (usize, Pilot<V, E>)) -> Self {
        Self { position, pilot, tokens: None, lease: Lease::Unknown, standing: false, too_early: false }
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
        let found = self.note(&mut errand, seen.lookup, at_ms);
        errand.too_early = found.is_some();
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

    /// Notes what stands, and answers what a tier has and is fresh.
    fn note<V, E>(&self, errand: &mut Errand<V, E>, lookup: Lookup, at_ms: u64) -> Option<Known<V>>
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        let (key, stamp) = (&errand.pilot.key, errand.pilot.stamp());
        errand.standing = false;
        match lookup {
            Lookup::Standing(sealed) => {
                errand.tokens = Some(sealed.envelope.tokens.clone());
                errand.standing = true;
                if sealed.age == Age::Fresh {
                    return self.opened(key, &sealed, stamp, at_ms);
                }
            }
            Lookup::Missing(tokens) => errand.tokens = tokens,
            Lookup::Unanswered => errand.tokens = None,
        }
        self.l1.get(key, stamp, at_ms)
    }

    /// What L2 has of these keys now, fresh or old.
    async fn seen<V>(&self, keys: &[AnyKey]) -> Vec<Seen<V>>
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        let Some(l2) = self.l2.as_ref().filter(|_| !keys.is_empty()) else {
            return keys.iter().map(|_| Seen::Unanswered).collect();
        };
        let lookups = l2.read(&keys.iter().collect::<Vec<_>>(), self.clock.now_ms()).await;
        lookups.into_iter().map(|lookup| self.seen_in(lookup)).collect()
    }

    fn seen_in<V: DeserializeOwned>(&self, lookup: Lookup) -> Seen<V> {
        match lookup {
            Lookup::Standing(sealed) => match self.decoded(&sealed) {
                Some((known, _)) => Seen::Standing(known, sealed.age),
                None => Seen::Nothing,
            },
            Lookup::Missing(_) => Seen::Nothing,
            Lookup::Unanswered => Seen::Unanswered,
        }
    }

    /// Who can have an old value gets it; the others get the error. L2 is asked
    /// anew, so that nobody aboard gets what was invalidated before they came;
    /// while it cannot be asked, L1's last copy is better than an error.
    async fn fail<V, E>(&self, errands: Vec<Errand<V, E>>, ending: &Ending<V, E>)
    where
        V: DeserializeOwned + Send + Sync + 'static,
        E: Clone,
    {
        self.tally.load_errors.add(1);
        let leases = errands.iter().map(|errand| (errand.pilot.key.clone(), errand.lease)).collect();
        let keys: Vec<_> = errands.iter().map(|errand| errand.pilot.key.clone()).collect();
        for (errand, seen) in errands.into_iter().zip(self.seen(&keys).await) {
            let instead = match seen {
                Seen::Standing(value, _) => value,
                Seen::Nothing => None,
                Seen::Unanswered => {
                    self.l1.last_copy(&errand.pilot.key, errand.pilot.stamp(), self.clock.now_ms())
                }
            };
            self.tally.stale.add(usize::from(instead.is_some()));
            errand.pilot.land(instead.map_or_else(|| ending.clone(), |value| Ok(Ok(Some(value)))));
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
        let loaded = errands.iter().zip(values).map(|(errand, value)| self.loaded(errand, value));
        let mut loaded: Vec<_> = loaded.collect();
        self.store(&errands, &mut loaded, at_ms).await;
        let mut leases = Vec::new();
        for (errand, loaded) in errands.into_iter().zip(loaded) {
            self.keep_copy(&errand.pilot.key, errand.pilot.stamp(), &loaded, at_ms);
            // Else the script gave it back.
            if errand.tokens.is_none() || matches!(loaded.kept, Kept::Not) {
                leases.push((errand.pilot.key.clone(), errand.lease));
            }
            errand.pilot.land(Ok(Ok(loaded.value)));
        }
        self.release(leases).await;
    }

    /// Stores what is to be stored. What is refused was invalidated, or loaded by
    /// someone else, meanwhile: then what stands by now is taken over, so that no
    /// reader gets a value that a later one does not get any more.
    async fn store<V, E>(&self, errands: &[Errand<V, E>], loaded: &mut [Loaded<V>], at_ms: u64)
    where
        V: DeserializeOwned + Send + Sync + 'static,
    {
        let Some(l2) = &self.l2 else { return };
        let parcels = errands.iter().zip(&*loaded).map(|(errand, loaded)| errand.parcel(loaded, at_ms));
        let (positions, parcels): (Vec<_>, Vec<_>) =
            parcels.enumerate().filter_map(|(at, parcel)| Some((at, parcel?))).unzip();
        let refused: Vec<usize> = positions
            .into_iter()
            .zip(l2.store(&parcels).await)
            .filter_map(|(at, stored)| matches!(stored, Stored::Refused).then_some(at))
            .collect();
        let keys: Vec<_> = refused.iter().map(|&at| errands[at].pilot.key.clone()).collect();
        for (at, seen) in refused.into_iter().zip(self.seen(&keys).await) {
            loaded[at].kept = Kept::Refused;
            if let Seen::Standing(known, Age::Fresh) = seen {
                loaded[at].value = known;
            }
        }
    }

    fn loaded<V: Serialize, E>(&self, errand: &Errand<V, E>, value: Option<V>) -> Loaded<V> {
        let policy = errand.pilot.key.policy();
        let Some(value) = value else {
            // An old value must go, even if "not found" is not to be kept.
            let ms = policy.negative_ms().or_else(|| errand.standing.then_some(1));
            return Loaded { value: None, kept: ms.map_or(Kept::Not, |ms| Kept::New(Vec::new(), ms)) };
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
