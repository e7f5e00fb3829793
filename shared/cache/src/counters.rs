//! What the cache counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::latency::{Distribution, Histogram, Latency};

/// A plain snapshot; all counts are since the cache was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Keys answered by this process's own copy.
    pub l1_hits: u64,
    /// Keys answered by L2.
    pub l2_hits: u64,
    /// Keys answered with an entry past its age, while or after it was loaded anew.
    pub stale: u64,
    /// Keys answered by neither tier.
    pub misses: u64,
    /// Calls of a loader.
    pub loads: u64,
    /// Loader calls that ended in an error or a panic.
    pub load_errors: u64,
    /// Misses that shared a load already under way.
    pub coalesced: u64,
    /// Loaded values that L2 took.
    pub stored: u64,
    /// Loaded values that L2 refused, because their entry was invalidated, or
    /// loaded by someone else, meanwhile.
    pub refused: u64,
    /// Entries found in L2 that could not be read, and values that could not be
    /// written: of another format, or of a type unfit for postcard.
    pub unreadable: u64,
    /// Requests to L2, each of one or more commands.
    pub l2_asked: u64,
    /// Of these, those that failed or took longer than their deadline.
    pub l2_errors: u64,
    /// Requests not sent to L2, because it was known to be away.
    pub l2_skipped: u64,
    /// Calls of `invalidate`.
    pub invalidations: u64,
    /// Of these, those that L2 did not acknowledge at once.
    pub unacknowledged: u64,
    /// Entries in L1 now, some of them perhaps outdated.
    pub l1_entries: u64,
    /// Their estimated bytes.
    pub l1_bytes: u64,
    /// How long L1 took, of one hit in 256.
    pub l1_latency: Latency,
    /// How long L2 took to answer, or not to, for all keys of one call.
    pub l2_latency: Latency,
    /// How long calls took that had to wait for a load: the miss penalty.
    pub miss_latency: Latency,
}

/// How long things took since the cache was made, in a form that adds up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// What [`Counters::l2_latency`] sums up.
    pub l2: Distribution,
    /// What [`Counters::miss_latency`] sums up.
    pub miss: Distribution,
}

/// One running count.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: usize) {
        self.increase(n);
    }

    /// Adds, and answers the count from before.
    pub(crate) fn increase(&self, n: usize) -> u64 {
        self.0.fetch_add(n as u64, Ordering::Relaxed)
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The running counts behind [`Counters`].
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) l1_hits: Count,
    pub(crate) l2_hits: Count,
    pub(crate) stale: Count,
    pub(crate) misses: Count,
    pub(crate) loads: Count,
    pub(crate) load_errors: Count,
    pub(crate) coalesced: Count,
    pub(crate) stored: Count,
    pub(crate) refused: Count,
    pub(crate) unreadable: Count,
    pub(crate) l2_asked: Count,
    pub(crate) l2_errors: Count,
    pub(crate) l2_skipped: Count,
    pub(crate) invalidations: Count,
    pub(crate) unacknowledged: Count,
    pub(crate) l1_latency: Histogram,
    pub(crate) l2_latency: Histogram,
    pub(crate) miss_latency: Histogram,
}

impl Tally {
    pub(crate) fn times(&self) -> Times {
        Times { l2: self.l2_latency.distribution(), miss: self.miss_latency.distribution() }
    }

    pub(crate) fn snapshot(&self) -> Counters {
        Counters {
            l1_hits: self.l1_hits.get(),
            l2_hits: self.l2_hits.get(),
            stale: self.stale.get(),
            misses: self.misses.get(),
            loads: self.loads.get(),
            load_errors: self.load_errors.get(),
            coalesced: self.coalesced.get(),
            stored: self.stored.get(),
            refused: self.refused.get(),
            unreadable: self.unreadable.get(),
            l2_asked: self.l2_asked.get(),
            l2_errors: self.l2_errors.get(),
            l2_skipped: self.l2_skipped.get(),
            invalidations: self.invalidations.get(),
            unacknowledged: self.unacknowledged.get(),
            l1_entries: 0,
            l1_bytes: 0,
            l1_latency: self.l1_latency.latency(),
            l2_latency: self.l2_latency.latency(),
            miss_latency: self.miss_latency.latency(),
        }
    }
}
