//! What the whole fleet did in the last minutes.
//!
//! A process knows itself alone, and most of the time it is frozen. So each adds
//! what it counted to the minute's bucket of its function in L2, and whoever wants to
//! know reads the last minutes of all functions. What L2 did not acknowledge is sent
//! again for a while; a bucket takes each batch once.

mod bucket;
mod window;

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use cache::Cache;

pub use self::window::Window;
use crate::popular::{Popular, Read};
use crate::totals::Totals;

/// Minutes that are kept.
const KEPT: u64 = 30;
/// Names that are told as read, each time.
const READS: usize = 100;

/// This process's part in it.
#[derive(Default)]
pub(crate) struct Fleet {
    function: String,
    l2: OnceLock<Cache>,
    state: Mutex<State>,
    popular: Popular,
}

#[derive(Default)]
struct State {
    /// The minute in which what is being counted happens.
    minute: Option<u64>,
    /// What is not known to be in L2.
    unwritten: Vec<Batch>,
    /// What this process alone did.
    own: BTreeMap<u64, Totals>,
}

/// What happened in one minute, on its way to L2.
#[derive(Clone, Debug)]
struct Batch {
    token: u64,
    minute: u64,
    totals: Totals,
    /// Since 1970.
    first_sent: Option<Duration>,
}

impl Fleet {
    pub(crate) fn new(function: &str) -> Self {
        Self { function: function.to_owned(), ..Self::default() }
    }

    /// The first cache counts.
    pub(crate) fn share_through(&self, cache: &Cache) {
        let _ = self.l2.set(cache.clone());
    }

    /// Something with this name was read.
    pub(crate) fn read(&self, what: Read, name: &str) {
        self.popular.read(what, name);
    }

    /// The minute that has ended since it was last asked, if one has.
    pub(crate) fn ended_minute(&self, now: Duration) -> Option<u64> {
        let last = self.state(|state| state.minute.replace(minute(now)));
        last.filter(|last| *last != minute(now))
    }

    /// Keeps what happened in a minute, until it is written.
    pub(crate) fn keep(&self, minute: u64, totals: &Totals) {
        if totals.is_empty() {
            return;
        }
        let batch = Batch { token: fastrand::u64(..), minute, totals: totals.clone(), first_sent: None };
        let shared = self.shared().is_some();
        self.state(|state| {
            state.own.entry(minute).or_default().merge(totals);
            while state.own.len() as u64 > KEPT {
                state.own.pop_first();
            }
            if shared {
                state.unwritten.push(batch);
            }
        });
    }

    /// Writes what is not in L2 yet, in one round trip.
    pub(crate) async fn write(&self, now: Duration) {
        let Some(cache) = self.shared() else { return };
        let mut batches = self.state(|state| std::mem::take(&mut state.unwritten));
        batches.retain(|batch| batch.is_worth_sending(now));
        let reads = Read::ALL.map(|what| (what, self.popular.take(what, READS)));
        let requests = bucket::writes(&self.function, &batches, &reads, now);
        if requests.is_empty() {
            return;
        }
        let mut answers = cache.ask(requests).await.into_iter();
        batches.retain_mut(|batch| {
            batch.first_sent.get_or_insert(now);
            answers.next().flatten().is_none()
        });
        self.state(|state| state.unwritten.append(&mut batches));
    }

    /// The last minutes of the fleet; of this process where nothing is shared. None
    /// if L2 does not tell.
    pub(crate) async fn window(&self, minutes: u64, now: Duration) -> Option<Window> {
        match self.shared() {
            Some(cache) => window::read(cache, minutes, now).await,
            None => Some(self.state(|state| Window::of_one(&self.function, &state.own, minutes, now))),
        }
    }

    /// The names most read in the last hour or two, and how often.
    pub(crate) async fn most_read(
        &self,
        what: Read,
        most: usize,
        now: Duration,
    ) -> Option<Vec<(String, u64)>> {
        window::most_read(self.shared()?, what, most, now).await
    }

    fn shared(&self) -> Option<&Cache> {
        self.l2.get().filter(|cache| cache.has_l2())
    }

    fn state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Batch {
    /// While its minute is kept, and, once it was sent, while the bucket remembers what
    /// it took.
    fn is_worth_sending(&self, now: Duration) -> bool {
        let remembered = self.first_sent.is_none_or(|sent| now.abs_diff(sent) < bucket::REMEMBERS);
        remembered && minute(now).abs_diff(self.minute) < KEPT
    }
}

/// The number of a minute since 1970.
pub(crate) fn minute(time: Duration) -> u64 {
    time.as_secs() / 60
}
