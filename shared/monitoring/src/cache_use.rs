//! What a cache was good for.

use std::time::Duration;

/// What a cache did in a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheUse {
    /// Keys answered in the process.
    pub l1_hits: u64,
    /// Keys answered by the shared cache.
    pub l2_hits: u64,
    /// Keys answered with an entry past its age.
    pub stale: u64,
    /// Keys that had to be loaded, or waited for.
    pub misses: u64,
    /// Of these, those that shared another's load.
    pub coalesced: u64,
    /// Calls of loaders.
    pub loads: u64,
    /// Of these, those that failed.
    pub load_errors: u64,
    /// Requests that the shared cache failed or did not answer in time.
    pub l2_errors: u64,
    /// Requests not sent to it, because it was known to be away.
    pub l2_skipped: u64,
    /// Invalidations that it did not acknowledge at once.
    pub unacknowledged: u64,
    /// 95 % of the hits in the process took at most this long; like the other
    /// two since the process began.
    pub l1_p95: Duration,
    /// 95 % of the answers of the shared cache took at most this long.
    pub l2_p95: Duration,
    /// 95 % of those who waited for a load waited at most this long.
    pub miss_p95: Duration,
}

impl CacheUse {
    /// Keys answered without waiting for a load, in percent; none if none was asked for.
    pub fn hit_percent(&self) -> Option<u64> {
        let hits = self.l1_hits + self.l2_hits + self.stale;
        (100 * hits).checked_div(hits + self.misses)
    }

    /// Writes it to the log, if there was any.
    pub fn log(&self) {
        let Some(hit_percent) = self.hit_percent() else { return };
        let micros = |latency: Duration| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            hit_percent,
            l1_hits = self.l1_hits,
            l2_hits = self.l2_hits,
            stale = self.stale,
            misses = self.misses,
            coalesced = self.coalesced,
            loads = self.loads,
            load_errors = self.load_errors,
            l2_errors = self.l2_errors,
            l2_skipped = self.l2_skipped,
            unacknowledged = self.unacknowledged,
            l1_p95_us = micros(self.l1_p95),
            l2_p95_us = micros(self.l2_p95),
            miss_p95_us = micros(self.miss_p95),
            "cache use"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_served_stale_was_a_hit_and_nothing_at_all_has_no_rate() {
        let some = CacheUse { l1_hits: 5, l2_hits: 2, stale: 1, misses: 2, ..CacheUse::default() };
        assert_eq!(some.hit_percent(), Some(80));
        assert_eq!(CacheUse::default().hit_percent(), None);
    }
}
