//! How long things take, counted so that it adds up.

use std::collections::BTreeMap;
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

/// Counts durations, or other numbers, in buckets of their logarithm.
#[derive(Debug)]
pub struct Histogram(Box<[AtomicU64]>);

/// What a histogram counted, in a form that adds up over processes: how many
/// numbers fell into which bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution(BTreeMap<u16, u64>);

impl Default for Histogram {
    fn default() -> Self {
        Self((0..PER_DOUBLING * DOUBLINGS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Histogram {
    /// Counts one more duration, in nanoseconds.
    pub fn record(&self, duration: Duration) {
        self.record_number(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts one more number; below 32 it is known exactly.
    pub fn record_number(&self, number: u64) {
        self.0[bucket(number).min(self.0.len() - 1)].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn latency(&self) -> Latency {
        let counted = self.distribution();
        let [p50, p95, p99] =
            [50, 95, 99].map(|percent| Duration::from_nanos(counted.at_percent(percent).unwrap_or(0)));
        Latency { count: counted.count(), p50, p95, p99 }
    }

    /// What was counted so far, bucket by bucket.
    pub fn distribution(&self) -> Distribution {
        self.each_bucket(|count| count.load(Ordering::Relaxed))
    }

    /// What was counted since it was last taken.
    pub fn take(&self) -> Distribution {
        self.each_bucket(|count| match count.load(Ordering::Relaxed) {
            0 => 0,
            _ => count.swap(0, Ordering::Relaxed),
        })
    }

    fn each_bucket(&self, count: impl Fn(&AtomicU64) -> u64) -> Distribution {
        let counts = (0_u16..).zip(self.0.iter().map(count));
        Distribution(counts.filter(|(_, count)| *count > 0).collect())
    }
}

impl Distribution {
    /// Of one number.
    pub fn of(number: u64) -> Self {
        let last = PER_DOUBLING * DOUBLINGS - 1;
        Self(BTreeMap::from([(u16::try_from(bucket(number).min(last)).unwrap_or(u16::MAX), 1)]))
    }

    /// How many numbers it is of.
    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// The number that so many percent of them do not exceed, within 3 %; none of none.
    pub fn at_percent(&self, percent: u64) -> Option<u64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.0.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        found.map(|(bucket, _)| middle((*bucket).into()))
    }

    /// Each bucket that is not empty: its number, the number in its middle, and how
    /// many fell into it.
    pub fn buckets(&self) -> impl Iterator<Item = (u16, u64, u64)> {
        self.0.iter().map(|(bucket, count)| (*bucket, middle((*bucket).into()), *count))
    }

    /// Adds to a bucket, unless there is none of that number.
    pub fn add(&mut self, bucket: u16, count: u64) {
        if usize::from(bucket) < PER_DOUBLING * DOUBLINGS && count > 0 {
            *self.0.entry(bucket).or_default() += count;
        }
    }

    /// Adds what another one is of.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            self.add(*bucket, *count);
        }
    }

    /// What has come since an earlier look at the same histogram.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut new = Self::default();
        for (bucket, count) in &self.0 {
            new.add(*bucket, count.saturating_sub(before.0.get(bucket).copied().unwrap_or(0)));
        }
        new
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
    fn what_two_processes_counted_adds_up() {
        let (here, there) = (Histogram::default(), Histogram::default());
        (1..=90).for_each(|number| here.record_number(number));
        let before = here.distribution();
        (0..10).for_each(|_| there.record_number(1_000));
        let mut both = here.distribution();
        both.merge(&there.take());
        assert_eq!((both.count(), both.at_percent(9), both.at_percent(95)), (100, Some(9), Some(1_008)));
        assert_eq!(both.since(&before).count(), 10);
        assert_eq!(there.take(), Distribution::default());
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
