//! Wall-clock time, and the guard against its steps back.
//!
//! A frozen process keeps no timers, so ages are differences of wall-clock
//! readings. A clock that steps back would make every copy young again: the
//! step is noticed against the highest reading so far and counted, and the
//! count is part of every [`Stamp`](crate::generations::Stamp), so that all
//! that was kept before the step is void.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Readings on two cores may be compared out of order; only more than this is a step.
const TOLERANCE_MS: u64 = 250;

/// Where a cache reads the time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Guarded>);

#[derive(Debug)]
struct Guarded {
    source: Source,
    latest_ms: AtomicU64,
    steps_back: AtomicU64,
}

#[derive(Debug)]
enum Source {
    System,
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The system's wall clock.
    pub fn system() -> Self {
        Self::reading(Source::System)
    }

    fn reading(source: Source) -> Self {
        Self(Arc::new(Guarded { source, latest_ms: AtomicU64::new(0), steps_back: AtomicU64::new(0) }))
    }

    /// Milliseconds since the epoch.
    pub(crate) fn now_ms(&self) -> u64 {
        let now = self.0.source.now_ms();
        self.0.watch(now);
        now
    }

    /// How often the clock was seen to step back.
    pub(crate) fn steps_back(&self) -> u64 {
        self.0.steps_back.load(Ordering::Acquire)
    }
}

impl Guarded {
    fn watch(&self, now: u64) {
        let latest = self.latest_ms.load(Ordering::Acquire);
        if now > latest {
            self.latest_ms.fetch_max(now, Ordering::AcqRel);
        } else if now + TOLERANCE_MS < latest {
            self.note_step(latest, now);
        }
    }

    /// One of several readers that see the same step counts it.
    fn note_step(&self, latest: u64, now: u64) {
        let swap = self.latest_ms.compare_exchange(latest, now, Ordering::AcqRel, Ordering::Acquire);
        if swap.is_ok() {
            self.steps_back.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Source {
    fn now_ms(&self) -> u64 {
        match self {
            Self::System => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, as_ms),
            Self::Manual(ms) => ms.load(Ordering::Acquire),
        }
    }
}

/// A clock that moves only by hand, so that tests need not wait.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that stands at the system's present time.
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(Source::System.now_ms())))
    }

    /// What to put into [`Config::clock`](crate::Config::clock). Each cache
    /// notices steps back for itself.
    pub fn clock(&self) -> Clock {
        Clock::reading(Source::Manual(Arc::clone(&self.0)))
    }

    /// Moves forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(as_ms(by), Ordering::AcqRel);
    }

    /// Steps back, as a corrected system clock does.
    pub fn step_back(&self, by: Duration) {
        self.0.fetch_sub(as_ms(by), Ordering::AcqRel);
    }
}

pub(crate) fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_back_is_counted_once() {
        let manual = ManualClock::new();
        let clock = manual.clock();
        clock.now_ms();
        manual.step_back(Duration::from_secs(1));
        clock.now_ms();
        clock.now_ms();
        assert_eq!(clock.steps_back(), 1);
    }

    #[test]
    fn going_forward_is_no_step() {
        let manual = ManualClock::new();
        let clock = manual.clock();
        clock.now_ms();
        manual.advance(Duration::from_secs(1));
        clock.now_ms();
        assert_eq!(clock.steps_back(), 0);
    }
}
