//! How long things take, counted so that it adds up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Buckets for each doubling: 16, so that a bucket is 6 % wide at most and its
/// middle is within 3 % of whatever fell into it.
const PER_DOUBLING: usize = 16;
const BITS: u32 = PER_DOUBLING.ilog2();
/// Doublings from 16 ns up to a minute; what is longer falls into the last bucket.
const DOUBLINGS: usize = 33;

/// A summary of many durations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// How many there were.
    pub count: u64,
    /// Half of them were at most this long; like the others within 3 %.
    pub p50: Duration,
    /// 95 % of them were at most this long.
    pub p95: Duration,
    /// 99 % of them were at most this long.
    pub p99: Duration,
}

/// Counts durations in buckets of their logarithm.
#[derive(Debug)]
pub struct Histogram(Box<[AtomicU64]>);

impl Default for Histogram {
    fn default() -> Self {
        Self((0..PER_DOUBLING * DOUBLINGS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Histogram {
    /// Counts one more.
    pub fn record(&self, duration: Duration) {
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.0[bucket(ns).min(self.0.len() - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn latency(&self) -> Latency {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        let count = counts.iter().sum();
        let [p50, p95, p99] = [50, 95, 99].map(|percent| at_percent(&counts, count, percent));
        Latency { count, p50, p95, p99 }
    }
}

/// The number of the bucket: how often the number can be halved until only its
/// leading bits are left, and those bits.
fn bucket(ns: u64) -> usize {
    let halvings = ns.checked_ilog2().unwrap_or(0).saturating_sub(BITS);
    let leading = usize::try_from(ns >> halvings).unwrap_or(0);
    halvings as usize * PER_DOUBLING + leading
}

/// The middle of a bucket, in nanoseconds.
fn middle(bucket: usize) -> u64 {
    let halvings = (bucket / PER_DOUBLING).saturating_sub(1);
    let leading = (bucket - halvings * PER_DOUBLING) as u64;
    (leading << halvings) + (1 << halvings) / 2
}

fn at_percent(counts: &[u64], count: u64, percent: u64) -> Duration {
    let rank = (count * percent).div_ceil(100).max(1);
    let mut seen = 0;
    let found = counts.iter().position(|count| {
        seen += count;
        seen >= rank
    });
    found.map_or(Duration::ZERO, |bucket| Duration::from_nanos(middle(bucket)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_within_three_percent_of_what_falls_into_it() {
        for ns in (0..200_u64).chain((8..36).map(|bits| (1 << bits) - 1)).chain([12_345_678, 59_999_999_999])
        {
            let error = middle(bucket(ns)).abs_diff(ns);
            assert!(error * 100 <= ns * 4, "{ns} ns is taken for {} ns", middle(bucket(ns)));
        }
    }

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let histogram = Histogram::default();
        for ms in 1..=100 {
            histogram.record(Duration::from_millis(ms));
        }
        let latency = histogram.latency();
        assert_eq!(latency.count, 100);
        for (percentile, ms) in [(latency.p50, 50.0), (latency.p95, 95.0), (latency.p99, 99.0)] {
            let ratio = percentile.as_secs_f64() * 1_000.0 / ms;
            assert!((0.96..=1.04).contains(&ratio), "{percentile:?} for {ms} ms");
        }
    }

    #[test]
    fn nothing_recorded_is_zero() {
        assert_eq!(Histogram::default().latency(), Latency::default());
    }

    #[test]
    fn what_is_too_long_to_tell_counts_as_the_longest() {
        let histogram = Histogram::default();
        histogram.record(Duration::from_hours(1));
        assert!(histogram.latency().p50 > Duration::from_mins(1));
    }
}
