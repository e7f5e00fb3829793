//! The time that has passed in a process, which may be frozen at any moment.
//!
//! The steady clock never goes back, but may stand still while the process is
//! frozen, and who came before the freeze would be refused after it. The clock on
//! the wall goes on, but it is set back and forth. So time is the steady clock's,
//! and more only where the wall's went far ahead of it from one reading to the
//! next. A wall clock that is set ahead passes for a freeze: that gives each
//! caller a quota anew, once.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the two clocks differ by anyway.
const SLACK: Duration = Duration::from_secs(1);

/// What the clocks show, each since a moment of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) steady: Duration,
    pub(crate) wall: Duration,
}

impl Reading {
    /// The steady one counts from `start`.
    pub(crate) fn since(start: Instant) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { steady: start.elapsed(), wall }
    }
}

/// Adds up what passes between readings.
#[derive(Debug, Default)]
pub(crate) struct Elapsed {
    last: Option<Reading>,
    total: Duration,
}

impl Elapsed {
    /// Microseconds since the first reading.
    pub(crate) fn at(&mut self, now: Reading) -> u64 {
        let last = self.last.replace(now).unwrap_or(now);
        let steady = now.steady.saturating_sub(last.steady);
        let wall = now.wall.saturating_sub(last.wall);
        self.total += if wall > steady + SLACK { wall } else { steady };
        u64::try_from(self.total.as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds after each pair of readings of the steady clock and the wall's.
    fn elapsed(readings: &[(u64, u64)]) -> u64 {
        let mut elapsed = Elapsed::default();
        let reading =
            |(steady, wall)| Reading { steady: Duration::from_secs(steady), wall: Duration::from_secs(wall) };
        let us = readings.iter().map(|pair| elapsed.at(reading(*pair))).last();
        us.expect("a reading") / 1_000_000
    }

    #[test]
    fn time_passes_by_the_steady_clock() {
        assert_eq!(elapsed(&[(5, 1_000), (65, 1_060)]), 60);
    }

    #[test]
    fn a_wall_clock_that_is_set_back_changes_nothing() {
        assert_eq!(elapsed(&[(5, 1_000), (15, 10), (25, 20)]), 20);
    }

    #[test]
    fn time_passes_while_the_process_is_frozen() {
        assert_eq!(elapsed(&[(5, 1_000), (6, 4_600), (7, 4_601)]), 3_601);
    }
}
