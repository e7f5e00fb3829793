//! The generic cell rate algorithm (GCRA; ITU-T I.371): all that is kept of a
//! caller is the moment at which she will be even again.
//!
//! Each request moves that moment on by the time that one takes at the steady
//! pace, from now if it lies in the past. It must not come to lie further ahead
//! than a whole quota takes; a request that would move it there is refused, and
//! moves nothing. So no more than a quota is let in at once, and no more than one
//! quota and the steady pace in any time.
//!
//! The same is written in Lua beside this ([`script`](super::script)); tests hold
//! the two to each other. Time is whole microseconds.

use std::time::Duration;

use super::policy::Quota;

/// A quota, as time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// What one request takes, rounded up: never more requests than the quota says.
    pub(crate) interval_us: u64,
    /// What the whole quota takes.
    pub(crate) tolerance_us: u64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) admitted: bool,
    /// How far ahead the moment lies from now on.
    pub(crate) debt_us: u64,
}

impl From<Quota> for Pace {
    fn from(quota: Quota) -> Self {
        let interval_us = (u64::from(quota.seconds) * 1_000_000).div_ceil(u64::from(quota.requests));
        Self { interval_us, tolerance_us: interval_us * u64::from(quota.requests) }
    }
}

impl Pace {
    /// Decides over so many requests at once, by the moment that is kept: of a
    /// caller of whom nothing is known, any in the past.
    pub(crate) fn decide(self, even_us: u64, now_us: u64, requests: u32) -> Decision {
        let even_us = if self.is_possible(even_us, now_us) { even_us.max(now_us) } else { now_us };
        let next_us = even_us.saturating_add(self.interval_us.saturating_mul(u64::from(requests)));
        let admitted = next_us <= now_us.saturating_add(self.tolerance_us);
        Decision { admitted, debt_us: if admitted { next_us } else { even_us } - now_us }
    }

    /// A moment so far ahead was noted by a clock that has since been set back. By
    /// less than a quota's time, the caller waits for the clock to come there
    /// again, and gains nothing; by more, what is kept means nothing any more.
    const fn is_possible(self, even_us: u64, now_us: u64) -> bool {
        even_us <= now_us.saturating_add(self.tolerance_us.saturating_mul(2))
    }

    /// How many requests would be let in now.
    pub(crate) const fn remaining(self, debt_us: u64) -> u64 {
        self.tolerance_us.saturating_sub(debt_us) / self.interval_us
    }

    /// How long until so many would be.
    pub(crate) fn wait(self, debt_us: u64, requests: u64) -> Duration {
        let ahead_us = debt_us.saturating_add(self.interval_us.saturating_mul(requests));
        Duration::from_micros(ahead_us.saturating_sub(self.tolerance_us))
    }
}
