//! What is counted and measured, by name, and how it adds up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache::{Distribution, Histogram};

/// Something that happens, and is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// HTTP requests that were answered.
    Requests,
    /// Of these, those that failed: a status of 500 and above.
    ServerErrors,
    /// Invocations by schedules, streams and people.
    Events,
    /// Of these, those that failed.
    EventsFailed,
    /// Requests that a rate limit refused.
    Throttled,
    /// Decisions of rate limits that this process made alone, because L2 was away.
    RateLimitFallbacks,
    /// Processes that began.
    ColdStarts,
    /// Jobs for after a response that did not fit.
    AfterResponseDropped,
    /// Calls of DynamoDB, those included that found no slot in time.
    DatabaseCalls,
    /// Calls that ended without an answer, or were refused for no reason of ours.
    DatabaseFailures,
    /// Calls that were sent again.
    DatabaseRetries,
    /// Calls that took 500 ms, or what is configured.
    DatabaseSlow,
    /// Calls for which no connection came to be, or on which none held.
    DatabaseConnectionFailures,
    /// Keys answered by the process's own copy.
    CacheL1Hits,
    /// Keys answered by the shared cache.
    CacheL2Hits,
    /// Keys answered with an entry past its age.
    CacheStale,
    /// Keys that had to be loaded, or waited for.
    CacheMisses,
    /// Requests to the shared cache.
    CacheRequests,
    /// Of these, those that it failed or did not answer in time.
    CacheErrors,
    /// Requests not sent to it, because it was known to be away.
    CacheSkipped,
    /// Invalidations that it did not acknowledge at once.
    CacheUnacknowledged,
    /// Orders that were placed.
    OrdersPlaced,
    /// Orders that were paid.
    OrdersPaid,
    /// Orders that their owner called off.
    OrdersCancelled,
    /// Orders that nobody paid in time.
    OrdersExpired,
    /// Attempts to pay that failed, as the provider says.
    PaymentsFailed,
    /// Payments that do not fit their order, and are a person's to decide.
    PaymentsFlagged,
    /// Refunds.
    PaymentsRefunded,
    /// Provider's events that were kept, each once.
    WebhooksKept,
    /// Those that had been kept before.
    WebhooksDuplicate,
    /// Those that nobody known had signed.
    WebhooksRefused,
    /// Events of which nothing can be made; they wait for a person.
    WebhooksFailed,
    /// Events that a sweep found undecided and had to leave so, or parts of the index
    /// that lists them which it could not read.
    WebhooksUnapplied,
}

/// Something that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// From an HTTP request's arrival to its answer.
    RequestTime,
    /// The same of other events.
    EventTime,
    /// From the start of a process to its readiness.
    InitTime,
    /// One call of DynamoDB with its retries, waiting for a slot not included.
    DatabaseTime,
    /// One round trip to the shared cache.
    CacheTime,
    /// How long calls took that had to wait for a load.
    MissPenalty,
    /// Slots for calls of DynamoDB in use when one was taken, in percent.
    SlotUse,
    /// A process's resident memory.
    MemoryUsed,
    /// Its share of what Lambda allots to its function.
    MemoryUse,
    /// Time on a processor, of the time in which it had something to do.
    CpuUse,
    /// Its open sockets.
    Connections,
}

/// What a measure's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Recorded in nanoseconds, shown in milliseconds.
    Time,
    /// Per cent.
    Percent,
    /// Megabytes of 10⁶ bytes.
    Megabytes,
    /// A number of things.
    Number,
}

macro_rules! named {
    ($type:ident: $($variant:ident)*) => {
        impl $type {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name, in CloudWatch and in L2.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),* }
            }

            /// Whose name it is.
            pub fn named(name: &str) -> Option<Self> {
                match name { $(stringify!($variant) => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

named!(Count: Requests ServerErrors Events EventsFailed Throttled RateLimitFallbacks ColdStarts AfterResponseDropped
    DatabaseCalls DatabaseFailures DatabaseRetries DatabaseSlow DatabaseConnectionFailures
    CacheL1Hits CacheL2Hits CacheStale CacheMisses CacheRequests CacheErrors CacheSkipped CacheUnacknowledged
    OrdersPlaced OrdersPaid OrdersCancelled OrdersExpired PaymentsFailed PaymentsFlagged PaymentsRefunded
    WebhooksKept WebhooksDuplicate WebhooksRefused WebhooksFailed WebhooksUnapplied);
named!(Measure: RequestTime EventTime InitTime DatabaseTime CacheTime MissPenalty SlotUse MemoryUsed MemoryUse CpuUse
    Connections);

impl Measure {
    /// What its numbers are.
    pub const fn unit(self) -> Unit {
        match self {
            Self::RequestTime
            | Self::EventTime
            | Self::InitTime
            | Self::DatabaseTime
            | Self::CacheTime
            | Self::MissPenalty => Unit::Time,
            Self::SlotUse | Self::MemoryUse | Self::CpuUse => Unit::Percent,
            Self::MemoryUsed => Unit::Megabytes,
            Self::Connections => Unit::Number,
        }
    }
}

/// What happened in a while, in one process or in many: it adds up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    counts: BTreeMap<Count, u64>,
    measures: BTreeMap<Measure, Distribution>,
}

impl Totals {
    /// How often something happened.
    pub fn count(&self, of: Count) -> u64 {
        self.counts.get(&of).copied().unwrap_or(0)
    }

    /// How often any of some things happened.
    pub fn sum<const N: usize>(&self, of: [Count; N]) -> u64 {
        of.map(|count| self.count(count)).iter().sum()
    }

    /// The number that so many percent of a measure's do not exceed, within 3 %:
    /// nanoseconds of a time. None of nothing.
    pub fn at_percent(&self, of: Measure, percent: u64) -> Option<u64> {
        self.measures.get(&of)?.at_percent(percent)
    }

    /// The same of a time.
    pub fn time_at_percent(&self, of: Measure, percent: u64) -> Option<Duration> {
        self.at_percent(of, percent).map(Duration::from_nanos)
    }

    /// How often something was measured.
    pub fn measured(&self, of: Measure) -> u64 {
        self.measures.get(&of).map_or(0, Distribution::count)
    }

    /// Whether nothing happened but that what happened before was told: a process that has
    /// nothing else to do would tell of that for ever.
    pub(crate) fn is_of_telling_alone(&self) -> bool {
        self.measures.is_empty() && self.counts.keys().all(|count| *count == Count::CacheRequests)
    }

    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.measures.is_empty()
    }

    /// Counts something.
    pub fn add(&mut self, count: Count, times: u64) {
        if times > 0 {
            *self.counts.entry(count).or_default() += times;
        }
    }

    /// Adds what was measured.
    pub fn add_measured(&mut self, measure: Measure, distribution: &Distribution) {
        if distribution.count() > 0 {
            self.measures.entry(measure).or_default().merge(distribution);
        }
    }

    /// Adds one number.
    pub fn add_number(&mut self, measure: Measure, number: u64) {
        self.add_measured(measure, &Distribution::of(number));
    }

    /// Adds what else happened.
    pub fn merge(&mut self, other: &Self) {
        for (count, times) in &other.counts {
            self.add(*count, *times);
        }
        for (measure, distribution) in &other.measures {
            self.add_measured(*measure, distribution);
        }
    }

    /// Everything that happened, by name.
    pub fn counts(&self) -> impl Iterator<Item = (Count, u64)> {
        self.counts.iter().map(|(count, times)| (*count, *times))
    }

    /// Everything that was measured, by name.
    pub fn measures(&self) -> impl Iterator<Item = (Measure, &Distribution)> {
        self.measures.iter().map(|(measure, distribution)| (*measure, distribution))
    }
}

/// What a process counts and measures as it goes: a few nanoseconds each.
#[derive(Debug)]
pub(crate) struct Meters {
    counts: Box<[AtomicU64]>,
    measures: Box<[Histogram]>,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            counts: Count::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            measures: Measure::ALL.iter().map(|_| Histogram::default()).collect(),
        }
    }
}

impl Meters {
    pub(crate) fn count(&self, count: Count, times: u64) {
        self.counts[count as usize].fetch_add(times, Ordering::Relaxed);
    }

    pub(crate) fn measured(&self, measure: Measure) -> &Histogram {
        &self.measures[measure as usize]
    }

    /// What came since it was last taken.
    pub(crate) fn take(&self) -> Totals {
        let mut totals = Totals::default();
        for (count, times) in Count::ALL.iter().zip(&self.counts) {
            totals.add(*count, times.swap(0, Ordering::Relaxed));
        }
        for (measure, histogram) in Measure::ALL.iter().zip(&self.measures) {
            totals.add_measured(*measure, &histogram.take());
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_stand_in_the_order_of_their_numbers() {
        for (at, count) in Count::ALL.iter().enumerate() {
            assert_eq!((Count::named(count.name()), *count as usize), (Some(*count), at));
        }
        for (at, measure) in Measure::ALL.iter().enumerate() {
            assert_eq!((Measure::named(measure.name()), *measure as usize), (Some(*measure), at));
        }
    }

    #[test]
    fn what_was_taken_is_taken_once_and_adds_up() {
        let meters = Meters::default();
        meters.count(Count::Requests, 2);
        meters.measured(Measure::RequestTime).record(Duration::from_millis(10));
        let first = meters.take();
        assert!(meters.take().is_empty());
        meters.count(Count::Requests, 1);
        let mut both = meters.take();
        both.merge(&first);
        assert_eq!((both.count(Count::Requests), both.measured(Measure::RequestTime)), (3, 1));
    }
}
