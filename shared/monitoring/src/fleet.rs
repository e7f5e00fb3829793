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

use self::window::Reader;
pub use self::window::Window;
use crate::popular::{Popular, Read};
use crate::totals::Totals;

/// Minutes that are kept.
const KEPT: u64 = 30;
/// How long what was not acknowledged is sent again; buckets remember for twice as
/// long, since what was sent last may arrive late.
const RESENT_FOR: Duration = Duration::from_secs(30);
/// What is sent again at most, lest an L2 that is slow be given ever more to do.
const DOUBTFUL: usize = 60;
/// Names that are told as read, each time.
const READS: usize = 100;

/// This process's part in it.
#[derive(Default)]
pub(crate) struct Fleet {
    function: String,
    l2: OnceLock<Cache>,
    state: Mutex<State>,
    popular: Popular,
    read: Reader,
}

#[derive(Default)]
struct State {
    /// The minute in which what is being counted happens.
    minute: Option<u64>,
    /// What was not sent yet, by minute.
    unsent: BTreeMap<u64, Totals>,
    /// What was sent and not acknowledged.
    doubtful: Vec<Batch>,
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
    first_sent: Duration,
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
        let shared = self.shared().is_some();
        self.state(|state| {
            state.own.entry(minute).or_default().merge(totals);
            while state.own.len() as u64 > KEPT {
                state.own.pop_first();
            }
            if shared {
                state.unsent.entry(minute).or_default().merge(totals);
            }
            while state.unsent.len() as u64 > KEPT {
                state.unsent.pop_first();
            }
        });
    }

    /// Writes what is not in L2 yet, in one round trip. While that is known to be away,
    /// it waits.
    pub(crate) async fn write(&self, now: Duration) {
        let Some(cache) = self.shared().filter(|cache| !cache.is_away()) else { return };
        let batches = self.state(|state| state.batches(now));
        let reads = Read::ALL.map(|what| (what, self.popular.take(what, READS)));
        let requests = bucket::writes(&self.function, &batches, &reads, now);
        if requests.is_empty() {
            return;
        }
        // Doubtful until it is acknowledged, also if this is cut off here.
        let answers = cache.ask(requests).await;
        let tokens = batches.iter().map(|batch| batch.token);
        let taken: Vec<u64> =
            tokens.zip(answers).filter_map(|(token, answer)| answer.map(|_| token)).collect();
        self.state(|state| state.doubtful.retain(|batch| !taken.contains(&batch.token)));
    }

    /// Whether there is something that L2 has not acknowledged.
    pub(crate) fn owes(&self) -> bool {
        let owed = |state: &mut State| !state.unsent.is_empty() || !state.doubtful.is_empty();
        self.shared().is_some() && self.state(owed)
    }

    /// The last minutes of the fleet; of this process where nothing is shared. None
    /// if L2 does not tell.
    pub(crate) async fn window(&self, minutes: u64, now: Duration) -> Option<Window> {
        match self.shared() {
            Some(cache) => self.read.window(cache, minutes, now).await,
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

impl State {
    /// What is to be sent: what is new, and what was sent and may not have arrived, while
    /// its bucket still remembers whether it did.
    fn batches(&mut self, now: Duration) -> Vec<Batch> {
        self.doubtful.retain(|batch| now.abs_diff(batch.first_sent) < RESENT_FOR);
        let unsent = std::mem::take(&mut self.unsent).into_iter();
        let unsent = unsent.filter(|(of, _)| minute(now).abs_diff(*of) < KEPT);
        self.doubtful.extend(unsent.map(|(minute, totals)| Batch {
            token: fastrand::u64(..),
            minute,
            totals,
            first_sent: now,
        }));
        let surplus = self.doubtful.len().saturating_sub(DOUBTFUL);
        self.doubtful.drain(..surplus);
        self.doubtful.clone()
    }
}

/// The number of a minute since 1970.
pub(crate) fn minute(time: Duration) -> u64 {
    time.as_secs() / 60
}
