//! [`gcra`](super::gcra) in this process alone.
//!
//! Bounded: whoever is one too many takes the place of another, and rather of one
//! who came once than of one who comes again and again (`quick_cache`'s policy is
//! Clock-PRO, which withstands a scan). So a flood of addresses does not give a
//! caller who is at her limit a new quota. 32,768 callers and the memory of half
//! as many that are gone take less than 4 MiB, none of it before they come.

use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use foldhash::quality::RandomState;
use quick_cache::UnitWeighter;
use quick_cache::unsync::{Cache, DefaultLifecycle};

use super::clock::{Elapsed, Reading};
use super::gcra::{Decision, Pace};
use super::party::Party;

/// Callers that are counted at once, of all policies together.
pub(crate) const MOST_CALLERS: usize = 32_768;

/// Counts callers in memory.
pub(crate) struct Local {
    start: Instant,
    /// Its own in each process, so that nobody can choose two callers who collide.
    seed: RandomState,
    inner: Mutex<Inner>,
}

struct Inner {
    elapsed: Elapsed,
    /// When each caller will be even, by a hash of her and the policy.
    even_us: Cache<u64, u64, UnitWeighter, RandomState>,
}

impl Default for Local {
    fn default() -> Self {
        let (items, weight) = (MOST_CALLERS, MOST_CALLERS as u64);
        let lifecycle = DefaultLifecycle::default();
        let even_us = Cache::with(items, weight, UnitWeighter, RandomState::default(), lifecycle);
        let inner = Inner { elapsed: Elapsed::default(), even_us };
        Self { start: Instant::now(), seed: RandomState::default(), inner: Mutex::new(inner) }
    }
}

impl Local {
    /// Decides over one request.
    pub(crate) fn take(&self, policy: &str, pace: Pace, party: &Party) -> Decision {
        self.take_at(Reading::since(self.start), policy, pace, party)
    }

    fn take_at(&self, now: Reading, policy: &str, pace: Pace, party: &Party) -> Decision {
        let key = self.seed.hash_one((policy, party));
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.take(key, now, pace)
    }

    /// Remembers what L2 has decided, for when L2 is away: whoever is at her limit
    /// does not get a new quota by that.
    pub(crate) fn note(&self, policy: &str, party: &Party, debt_us: u64) {
        let (key, now) = (self.seed.hash_one((policy, party)), Reading::since(self.start));
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let now_us = inner.elapsed.at(now);
        inner.keep(key, now_us + debt_us);
    }
}

impl Inner {
    fn take(&mut self, key: u64, now: Reading, pace: Pace) -> Decision {
        let now_us = self.elapsed.at(now);
        let even_us = self.even_us.get(&key).copied().unwrap_or(0);
        let decision = pace.decide(even_us, now_us, 1);
        if decision.admitted {
            self.keep(key, now_us + decision.debt_us);
        }
        decision
    }

    fn keep(&mut self, key: u64, even_us: u64) {
        match self.even_us.get_mut(&key) {
            Some(mut kept) => *kept = even_us,
            None => self.even_us.insert(key, even_us),
        }
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local")
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use super::*;
    use crate::Quota;

    const NAME: &str = "catalogue-reads";

    fn pace() -> Pace {
        Quota::new(5, 60).into()
    }

    fn address(number: u32) -> Party {
        Party::of_address(Some(IpAddr::V4(Ipv4Addr::from_bits(number))))
    }

    /// How many of so many requests are let in.
    fn admitted(local: &Local, party: &Party, requests: usize) -> usize {
        (0..requests).filter(|_| local.take(NAME, pace(), party).admitted).count()
    }

    fn bytes(local: &Local) -> usize {
        let inner = local.inner.lock().expect("never poisoned");
        let used = inner.even_us.memory_used();
        used.entries + used.map
    }

    #[test]
    fn ten_thousand_callers_are_counted_each_for_herself() {
        let local = Local::default();
        for _ in 0..6 {
            (0..10_000).for_each(|caller| _ = admitted(&local, &address(caller), 1));
        }
        assert!((0..10_000).all(|caller| admitted(&local, &address(caller), 1) == 0));
    }

    #[test]
    fn memory_is_bounded_however_many_callers_come() {
        let local = Local::default();
        assert!(bytes(&local) < 4_096, "{} before anyone came", bytes(&local));
        for caller in 0..300_000 {
            local.take(NAME, pace(), &address(caller));
        }
        assert!(bytes(&local) < 4 << 20, "{} bytes", bytes(&local));
    }

    #[test]
    fn a_flood_of_addresses_gives_no_new_quota_to_one_who_goes_on() {
        let local = Local::default();
        let hot = address(u32::MAX);
        assert_eq!(admitted(&local, &hot, 10), 5);
        for caller in 0..200_000 {
            local.take(NAME, pace(), &address(caller));
            if caller % 1_000 == 0 {
                assert_eq!(admitted(&local, &hot, 1), 0, "after {caller} others");
            }
        }
    }

    #[test]
    fn a_process_that_was_frozen_has_forgiven_meanwhile() {
        let (local, ann) = (Local::default(), address(1));
        let at =
            |steady, wall| Reading { steady: Duration::from_millis(steady), wall: Duration::from_secs(wall) };
        for ms in 0..5 {
            assert!(local.take_at(at(ms, 1_000), NAME, pace(), &ann).admitted);
        }
        assert!(!local.take_at(at(6, 1_000), NAME, pace(), &ann).admitted);
        assert!(!local.take_at(at(7, 10), NAME, pace(), &ann).admitted, "a wall clock set back");
        assert!(local.take_at(at(8, 130), NAME, pace(), &ann).admitted, "two minutes on the wall later");
    }

    #[test]
    fn policies_count_apart() {
        let (local, ann) = (Local::default(), address(1));
        assert_eq!(admitted(&local, &ann, 6), 5);
        assert!(local.take("search", pace(), &ann).admitted);
    }
}
