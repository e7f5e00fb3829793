//! How long entries of one kind may be served.

use std::time::Duration;

/// How long entries of one kind may be served, as data. Name what matters and
/// take the rest from [`Policy::PLAIN`].
///
/// *Stale* means old, never invalidated: whatever is served past its age still
/// had its fence and its tags stand when L2 was asked. While it cannot be asked,
/// the last copy of L1 makes up for an error, as long as `stale_if_error` says.
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
    /// How long past `fresh` an entry is still served at once, and loaded anew
    /// after the response (RFC 5861, section 3).
    pub stale_while_revalidate: Duration,
    /// How long past `fresh` an entry is served if its loader fails, or takes
    /// longer than `soft_timeout` (RFC 5861, section 4).
    pub stale_if_error: Duration,
    /// How long "not found" is kept. `None`: every such read loads.
    pub negative: Option<Duration>,
    /// How long a load may keep callers waiting who could have a stale entry; it
    /// goes on without them. `None`: they wait for its end.
    pub soft_timeout: Option<Duration>,
    /// How long a load may take at all; then it is dropped, and its callers get
    /// the error that [`TimedOut`](crate::TimedOut) converts into. `None`: it is
    /// the loader's own business. Keys that are loaded together have the shortest
    /// limit of them all, as with `soft_timeout`.
    pub hard_timeout: Option<Duration>,
    /// How long one process's load keeps the others waiting for its result
    /// before they load themselves. It should be longer than most loads, and not
    /// longer than callers can wait.
    pub lease: Duration,
}

impl Policy {
    /// Fresh for a minute in L2, never served stale, nothing kept of what is not there.
    pub const PLAIN: Self = Self {
        fresh: Duration::from_mins(1),
        l1: None,
        stale_while_revalidate: Duration::ZERO,
        stale_if_error: Duration::ZERO,
        negative: None,
        soft_timeout: None,
        hard_timeout: None,
        lease: Duration::from_millis(500),
    };

    /// A value's own age limit in milliseconds, at least 1.
    pub(crate) fn fresh_ms(&self) -> u64 {
        jittered(self.fresh)
    }

    /// The age limit of a "not found"; none if it is not kept.
    pub(crate) fn negative_ms(&self) -> Option<u64> {
        self.negative.map(jittered)
    }

    /// Milliseconds past its age limit that a value is of any use.
    pub(crate) fn stale_ms(&self) -> u64 {
        millis(self.stale_while_revalidate).max(millis(self.stale_if_error))
    }

    /// Milliseconds that a token must stand to outlive any entry written under
    /// it: the longest time to live and a minute for the load before it. A token
    /// that goes earlier costs a miss, never a wrong answer.
    pub(crate) fn token_ms(&self) -> u64 {
        let fresh = millis(self.fresh).max(self.negative.map_or(0, millis));
        fresh + fresh / 10 + self.stale_ms() + 60_000
    }

    /// Milliseconds in L1; none is no L1.
    pub(crate) fn l1_ms(&self) -> Option<u64> {
        self.l1.map(millis)
    }

    /// Milliseconds of the lease, at least 1.
    pub(crate) fn lease_ms(&self) -> u64 {
        millis(self.lease).max(1)
    }
}

/// Milliseconds drawn within ±10 %, at least 1.
fn jittered(duration: Duration) -> u64 {
    let ms = millis(duration);
    fastrand::u64(ms - ms / 10..=ms + ms / 10).max(1)
}

/// Whole milliseconds, bounded to what a sum of several cannot overflow.
pub(crate) fn millis(duration: Duration) -> u64 {
    const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1000;
    u64::try_from(duration.as_millis()).map_or(YEAR_MS, |ms| ms.min(YEAR_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_live_stay_within_a_tenth_and_below_their_tokens() {
        let policy = Policy { fresh: Duration::from_secs(10), ..Policy::PLAIN };
        for _ in 0..1_000 {
            let ttl = policy.fresh_ms();
            assert!((9_000..=11_000).contains(&ttl), "{ttl}");
            assert!(ttl < policy.token_ms());
        }
    }

    #[test]
    fn a_token_outlives_what_is_served_stale() {
        let policy = Policy { stale_if_error: Duration::from_hours(24), ..Policy::PLAIN };
        assert!(policy.token_ms() > policy.fresh_ms() + policy.stale_ms());
    }
}
