//! One load for all who miss at the same time.
//!
//! A flight is one key's share of a load; the load itself is a task of its own,
//! so that it goes on when the caller who began it goes away. Everyone aboard
//! gets the same value or error, and if the loader panics, the same panic.
//!
//! Who may board? Only readers whom the load cannot give anything older than
//! what a load of their own would:
//! - none whose stamp differs: an invalidation in this process came between, so
//!   the flight is detached, and goes on for those aboard only;
//! - anyone, as long as the load has not begun, or if it began after the reader;
//! - a reader who has just seen in L2 the very tokens under which the load runs,
//!   fence and tags: no process has invalidated the entry since;
//! - a reader whom L2 did not answer, within the kind's L1 seconds of wall clock
//!   since the load began: what other processes invalidate cannot be seen then,
//!   and a load may have been frozen on its way.
//!
//! Anyone else begins a new flight, which takes the old one's place.
//!
//! Before it loads, a flight looks into L2 once more, for a value that came
//! between its first reader's look and its beginning, and again while another
//! process holds the lease. Such a value is as old as that look, so it ends the
//! flight only if nobody has boarded who began later; else the flight looks again.
//!
//! A flight may be announced before its load has ended: with a stale value, when
//! the soft time-out passes. It stays on the table then, so that those who come
//! meanwhile get that value too and do not load as well.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use futures::FutureExt;
use futures::future::Shared;
use tokio::sync::oneshot;

use crate::generations::Stamp;
use crate::key::{AnyKey, HashOfName, Name};
use crate::l1::Known;
use crate::token::Tokens;

/// What a loader has to say about one key.
pub(crate) type Outcome<V, E> = Result<Known<V>, E>;
/// How a flight ends for those aboard.
pub(crate) type Ending<V, E> = Result<Outcome<V, E>, Panicked>;
/// The wait for it; it fails if the load's task went away with its runtime.
pub(crate) type Wait<V, E> = Shared<oneshot::Receiver<Ending<V, E>>>;

/// The loader panicked, with this message.
#[derive(Clone, Debug)]
pub(crate) struct Panicked(pub(crate) Arc<str>);

type Table = HashMap<Name, Arc<Flight>, HashOfName>;

/// The flights under way, by the names of their keys.
#[derive(Default)]
pub(crate) struct Flights {
    table: Mutex<Table>,
}

pub(crate) struct Flight {
    stamp: Stamp,
    look: Mutex<Look>,
    departure: OnceLock<Departure>,
    /// A `Wait<V, E>`.
    wait: Box<dyn Any + Send + Sync>,
}

/// The flight's last look into L2.
#[derive(Default)]
struct Look {
    /// When it began; none if there was none yet.
    at: Option<Instant>,
    /// Whether someone boarded who began after it.
    latecomers: bool,
}

/// When and under what the load began.
struct Departure {
    at: Instant,
    /// Wall clock in milliseconds.
    at_ms: u64,
    tokens: Option<Tokens>,
}

/// Who would like to board.
pub(crate) struct Reader {
    /// When the reader began to look the key up.
    pub(crate) since: Instant,
    /// The same by the wall clock, in milliseconds.
    pub(crate) since_ms: u64,
    /// The key's present stamp.
    pub(crate) stamp: Stamp,
    /// What the reader saw in L2.
    pub(crate) saw: Saw,
}

/// What a reader saw of a key's tokens.
pub(crate) enum Saw {
    /// L2 answered: these, or not all of them stand.
    Tokens(Option<Tokens>),
    /// L2 did not answer, or there is none.
    Nothing,
}

/// A reader's place.
pub(crate) enum Boarding<V, E> {
    /// In a flight already under way.
    Joined(Wait<V, E>),
    /// In a new one, which the reader now has to bring to its end.
    Began(Wait<V, E>, Pilot<V, E>),
}

impl Flights {
    /// Joins the flight of this key if the reader may, else begins one.
    pub(crate) fn board<V, E>(self: &Arc<Self>, key: &AnyKey, reader: &Reader) -> Boarding<V, E>
    where
        V: Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
    {
        let mut table = self.lock();
        let open = table.get(key.name()).filter(|flight| flight.takes(key, reader));
        if let Some(wait) = open.and_then(|flight| flight.join(reader)) {
            return Boarding::Joined(wait);
        }
        let (announce, ending) = oneshot::channel();
        let wait = ending.shared();
        let flight = Arc::new(Flight::new(reader.stamp, wait.clone()));
        table.insert(key.name().clone(), Arc::clone(&flight));
        let pilot = Pilot { flights: Arc::clone(self), key: key.clone(), flight, announce: Some(announce) };
        Boarding::Began(wait, pilot)
    }

    /// Takes a flight off the table if its last look serves all who are aboard.
    fn close(&self, key: &AnyKey, flight: &Arc<Flight>) -> bool {
        let mut table = self.lock();
        let serves_all = !flight.look().latecomers;
        if serves_all {
            remove(&mut table, key, flight);
        }
        serves_all
    }

    /// Takes a flight off the table, unless a later one has taken its place.
    fn remove(&self, key: &AnyKey, flight: &Arc<Flight>) {
        remove(&mut self.lock(), key, flight);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove(table: &mut Table, key: &AnyKey, flight: &Arc<Flight>) {
    let listed = table.get(key.name());
    if listed.is_some_and(|listed| Arc::ptr_eq(listed, flight)) {
        table.remove(key.name());
    }
}

impl Flight {
    fn new<V, E>(stamp: Stamp, wait: Wait<V, E>) -> Self
    where
        V: Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
    {
        Self { stamp, look: Mutex::default(), departure: OnceLock::new(), wait: Box::new(wait) }
    }

    /// None if the flight loads another type for the same name. Called under the
    /// table's lock, as [`Flights::close`] is.
    fn join<V: 'static, E: Clone + 'static>(&self, reader: &Reader) -> Option<Wait<V, E>> {
        let wait = self.wait.downcast_ref().cloned()?;
        let mut look = self.look();
        look.latecomers |= look.at.is_some_and(|at| reader.since > at);
        Some(wait)
    }

    fn takes(&self, key: &AnyKey, reader: &Reader) -> bool {
        self.stamp == reader.stamp && self.departure.get().is_none_or(|left| left.suits(key, reader))
    }

    fn look(&self) -> MutexGuard<'_, Look> {
        self.look.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Departure {
    fn suits(&self, key: &AnyKey, reader: &Reader) -> bool {
        self.at >= reader.since
            || match &reader.saw {
                Saw::Nothing => {
                    let l1_ms = key.policy().l1_ms().unwrap_or(0);
                    l1_ms > 0 && reader.since_ms < self.at_ms.saturating_add(l1_ms)
                }
                Saw::Tokens(seen) => seen.is_some() && *seen == self.tokens,
            }
    }
}

/// Brings one flight to its end. Dropped before that (its runtime went away), it
/// still clears the way for the next load.
pub(crate) struct Pilot<V, E> {
    flights: Arc<Flights>,
    pub(crate) key: AnyKey,
    flight: Arc<Flight>,
    announce: Option<oneshot::Sender<Ending<V, E>>>,
}

impl<V, E> Pilot<V, E> {
    /// To be called before each look into L2.
    pub(crate) fn look(&self) {
        *self.flight.look() = Look { at: Some(Instant::now()), latecomers: false };
    }

    /// Whether the flight may end with what the last look found; if so, nobody
    /// else can board.
    pub(crate) fn close(&self) -> bool {
        self.flights.close(&self.key, &self.flight)
    }

    /// To be called when the tokens are taken and before the load begins.
    pub(crate) fn depart(&self, at_ms: u64, tokens: Option<Tokens>) {
        let at = Instant::now();
        // A flight departs once; a second call would change nothing.
        let _ = self.flight.departure.set(Departure { at, at_ms, tokens });
    }

    /// The stamp from before the load.
    pub(crate) fn stamp(&self) -> Stamp {
        self.flight.stamp
    }

    /// Ends the flight. Later readers find its value in a tier or load anew.
    pub(crate) fn land(mut self, ending: Ending<V, E>) {
        self.flights.remove(&self.key, &self.flight);
        self.announce(ending);
    }

    /// Tells all aboard, unless they have been told.
    pub(crate) fn announce(&mut self, ending: Ending<V, E>) {
        if let Some(announce) = self.announce.take() {
            // All aboard may have gone away.
            let _ = announce.send(ending);
        }
    }
}

impl<V, E> Drop for Pilot<V, E> {
    fn drop(&mut self) {
        self.flights.remove(&self.key, &self.flight);
    }
}
