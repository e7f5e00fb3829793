//! Whether it is worth asking: of one server, or of one area of a cluster.
//!
//! A cluster's slots are watched in areas of a fixed size, whichever nodes have
//! them: so a node that is dead costs only those who ask for its slots, and
//! nothing need be known of nodes. An area of which a part is dead counts as
//! alive while the rest answers.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::RedisError;

use crate::clock::as_ms;
use crate::policy::millis;
use crate::request::SLOTS;

/// Unanswered requests in a row that open a breaker.
const STRIKES: u32 = 3;
/// How long it stays open between probes, and how long a silence makes one
/// missed deadline enough to open it.
pub(crate) const OPEN_FOR: Duration = Duration::from_secs(1);
/// Few, because each finds out for itself that its node is dead.
const AREAS: u16 = 16;

#[derive(Debug, Default)]
pub(crate) struct Breaker {
    strikes: AtomicU32,
    /// Wall clock in milliseconds, of the last proper answer: a process that was
    /// frozen finds its sockets dead, and need not find it thrice.
    answered_ms: AtomicU64,
    /// Wall clock in milliseconds, up to which nobody is to ask; 0 if all may.
    open_until_ms: AtomicU64,
}

/// One breaker for each area of a cluster's slots.
#[derive(Debug, Default)]
pub(crate) struct Areas([Breaker; AREAS as usize]);

impl Areas {
    pub(crate) fn of(&self, slot: u16) -> &Breaker {
        &self.0[usize::from(slot / SLOTS.div_ceil(AREAS))]
    }

    /// Lets the next one ask in each, for much may have changed.
    pub(crate) fn probe(&self) {
        let now = wall_clock_ms();
        for area in &self.0 {
            area.open_until_ms.fetch_min(now, Ordering::Relaxed);
        }
    }
}

impl Breaker {
    /// Whether to ask. While it is open, one in [`OPEN_FOR`] may.
    pub(crate) fn admits(&self) -> bool {
        let until = self.open_until_ms.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        let (now, open) = (wall_clock_ms(), millis(OPEN_FOR));
        // Further ahead than it was set: the clock has stepped back.
        if now < until && until <= now + open {
            return false;
        }
        let next = now + open;
        self.open_until_ms.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(crate) fn answered(&self) {
        self.answered_ms.store(wall_clock_ms(), Ordering::Relaxed);
        if self.strikes.load(Ordering::Relaxed) != 0 {
            self.close();
        }
    }

    pub(crate) fn close(&self) {
        self.strikes.store(0, Ordering::Relaxed);
        self.open_until_ms.store(0, Ordering::Relaxed);
    }

    /// Counts a request that had no proper answer, and says whether that opened
    /// the breaker or kept it open.
    pub(crate) fn failed(&self, error: &RedisError) -> bool {
        if is_about_the_command(error) {
            return false;
        }
        let strikes = self.strikes.fetch_add(1, Ordering::Relaxed) + 1;
        let opens = strikes >= STRIKES || error.is_timeout() && self.is_silent();
        if opens {
            self.strikes.store(STRIKES, Ordering::Relaxed);
            self.open_until_ms.store(wall_clock_ms() + millis(OPEN_FOR), Ordering::Relaxed);
        }
        opens
    }

    /// Whether nothing has been answered for a while.
    pub(crate) fn is_silent(&self) -> bool {
        wall_clock_ms().saturating_sub(self.answered_ms.load(Ordering::Relaxed)) > millis(OPEN_FOR)
    }
}

/// Whether the server is well, and has only refused to write: it is full, cannot
/// reach its disk or its replicas; or is moving the slot.
fn is_about_the_command(error: &RedisError) -> bool {
    let refused = |code: &str| ["OOM", "MISCONF", "NOREPLICAS", "TRYAGAIN"].contains(&code);
    match (error.code(), error.clone().into_server_errors()) {
        (Some(code), _) => refused(code),
        (None, Some(of_commands)) => of_commands.iter().all(|(_, error)| refused(error.code())),
        (None, None) => false,
    }
}

pub(crate) fn wall_clock_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, as_ms)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn timeout() -> RedisError {
        io::Error::from(io::ErrorKind::TimedOut).into()
    }

    fn refusal() -> RedisError {
        io::Error::from(io::ErrorKind::ConnectionRefused).into()
    }

    #[test]
    fn it_opens_at_the_third_strike_in_a_row() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            breaker.answered();
            assert!(!breaker.failed(&timeout()));
            assert!(!breaker.failed(&refusal()));
            assert!(breaker.admits());
        }
        assert!(breaker.failed(&refusal()));
        assert!(!breaker.admits());
        breaker.answered();
        assert!(breaker.admits());
    }

    #[test]
    fn after_a_silence_one_missed_deadline_opens_it() {
        let breaker = Breaker::default();
        breaker.answered();
        breaker.answered_ms.fetch_sub(2 * millis(OPEN_FOR), Ordering::Relaxed);
        assert!(!breaker.failed(&refusal()));
        assert!(breaker.failed(&timeout()));
        assert!(!breaker.admits());
    }

    #[test]
    fn one_at_a_time_may_try_an_open_one() {
        let areas = Areas::default();
        let breaker = areas.of(SLOTS - 1);
        assert!(breaker.failed(&timeout()));
        areas.probe();
        assert_eq!([breaker.admits(), breaker.admits()], [true, false]);
        breaker.open_until_ms.fetch_add(10 * millis(OPEN_FOR), Ordering::Relaxed);
        assert!(breaker.admits(), "the clock has stepped back");
    }
}
