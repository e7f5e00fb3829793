//! How long entries of one kind may be served.

use std::time::Duration;

/// How long entries of one kind may be served, as data.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Age up to which an entry is served from either tier; each entry's own
    /// limit is drawn within ±10 %, so that what was cached together does not
    /// expire together.
    pub fresh: Duration,
    /// Age, since the value was last known to be current, up to which this
    /// process serves its own copy without asking L2. It bounds how long another
    /// process's invalidation can go unnoticed here. `None`: no copy is kept.
    pub l1: Option<Duration>,
}

impl Policy {
    /// This entry's own time to live in milliseconds, at least 1.
    pub(crate) fn jittered_fresh_ms(&self) -> u64 {
        let fresh = millis(self.fresh);
        fastrand::u64(fresh - fresh / 10..=fresh + fresh / 10).max(1)
    }

    /// Milliseconds that a token must stand to outlive any entry written under
    /// it: the longest time to live and a minute for the load before it. A token
    /// that goes earlier costs a miss, never a wrong answer.
    pub(crate) fn token_ms(&self) -> u64 {
        let fresh = millis(self.fresh);
        fresh + fresh / 10 + 60_000
    }

    /// Milliseconds in L1; none is no L1.
    pub(crate) fn l1_ms(&self) -> Option<u64> {
        self.l1.map(millis)
    }
}

/// Whole milliseconds, bounded to what a sum of several cannot overflow.
fn millis(duration: Duration) -> u64 {
    const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1000;
    u64::try_from(duration.as_millis()).map_or(YEAR_MS, |ms| ms.min(YEAR_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_live_stay_within_a_tenth_and_below_their_tokens() {
        let policy = Policy { fresh: Duration::from_secs(10), l1: None };
        for _ in 0..1_000 {
            let ttl = policy.jittered_fresh_ms();
            assert!((9_000..=11_000).contains(&ttl), "{ttl}");
            assert!(ttl < policy.token_ms());
        }
    }
}
