//! A fleet that never was: a quarter of an hour of a shop's day.

use std::time::Duration;

use cache::Histogram;
use monitoring::{Count, Measure, Totals, Window};

use super::running;
use crate::recent::SHOWN;

/// What its functions do in a minute. Times are what half of the calls take.
#[derive(Clone, Copy)]
pub(super) struct Fleet {
    requests: u64,
    request_us: u64,
    database_us: u64,
    cache_us: u64,
    /// Of a hundred keys, those that are found.
    hits: u64,
    /// Of a thousand requests, those that fail.
    errors: u64,
    slots: u64,
    cpu: u64,
    /// From which of its minutes on it does so; before, it is as on a busy day.
    since: u64,
}

/// Each function with its share of the requests, in percent, and its memory.
const FUNCTIONS: [(&str, u64, u64); 7] = [
    ("products", 71, 96),
    ("carts", 12, 58),
    ("orders", 8, 74),
    ("users", 3, 52),
    ("webhooks", 2, 49),
    ("payment-events", 3, 55),
    ("health", 1, 47),
];

impl Fleet {
    pub(super) const fn busy() -> Self {
        Self {
            requests: 1_850,
            request_us: 9_000,
            database_us: 4_200,
            cache_us: 610,
            hits: 94,
            errors: 0,
            slots: 30,
            cpu: 31,
            since: 0,
        }
    }

    pub(super) const fn slow() -> Self {
        let busy = Self::busy();
        Self { request_us: 120_000, database_us: 82_000, hits: 58, errors: 3, slots: 60, since: 8, ..busy }
    }

    pub(super) const fn overloaded() -> Self {
        Self {
            requests: 9_400,
            request_us: 480_000,
            database_us: 290_000,
            cache_us: 9_000,
            hits: 83,
            errors: 71,
            slots: 100,
            cpu: 93,
            since: 9,
        }
    }

    pub(super) fn window(self) -> Window {
        let mut window = Window { is_fleet: true, ..Window::default() };
        for at in 0..=SHOWN {
            let fleet = if at < self.since { Self::busy() } else { self };
            let minute = window.minutes.entry(running() - SHOWN + at).or_default();
            for (name, share, memory) in FUNCTIONS {
                minute.insert(name.to_owned(), fleet.minute(at, share, memory));
            }
        }
        window
    }

    /// No minute is quite like another, and the last one is not over.
    fn minute(&self, at: u64, share: u64, memory: u64) -> Totals {
        let mut totals = Totals::default();
        let wave = 90 + (at * 7) % 19;
        let part = if at == SHOWN { 70 } else { 100 };
        let requests = self.requests * share * wave * part / 1_000_000;
        self.count(&mut totals, requests);
        let calls = requests / 2;
        for (measure, typical, times) in [
            (Measure::RequestTime, self.request_us * 1_000 * wave / 100, requests),
            (Measure::DatabaseTime, self.database_us * 1_000 * wave / 100, calls),
            (Measure::CacheTime, self.cache_us * 1_000 * wave / 100, requests),
            (Measure::MissPenalty, self.database_us * 1_500, calls / 4),
            (Measure::SlotUse, self.slots * 6 / 10, calls),
            (Measure::CpuUse, self.cpu * 8 / 10, requests),
            (Measure::MemoryUsed, memory, 6),
            (Measure::MemoryUse, memory * 100 / 512, 6),
            (Measure::Connections, 7, 6),
        ] {
            let spread = spread(measure, typical, times.max(1));
            totals.add_measured(measure, &spread.take());
        }
        totals
    }

    fn count(&self, totals: &mut Totals, requests: u64) {
        let (calls, keys, slow) = (requests / 2, requests * 4, u64::from(self.database_us > 200_000));
        for (count, times) in [
            (Count::Requests, requests),
            (Count::ServerErrors, requests * self.errors / 1_000),
            (Count::Throttled, requests * self.slots / 20_000),
            (Count::CacheRequests, requests),
            (Count::DatabaseCalls, calls),
            (Count::DatabaseSlow, slow * calls / 9),
            (Count::DatabaseRetries, calls * self.slots / 3_000),
            (Count::DatabaseFailures, calls * self.errors / 1_000),
            (Count::CacheL1Hits, keys * self.hits / 250),
            (Count::CacheL2Hits, keys * self.hits * 3 / 500),
            (Count::CacheMisses, keys * (100 - self.hits) / 100),
            (Count::OrdersPlaced, requests / 90),
            (Count::OrdersPaid, requests / 110),
            (Count::OrdersExpired, requests / 900),
            (Count::WebhooksKept, requests / 100),
            (Count::PaymentsFlagged, requests * self.errors / 90_000),
            (Count::ColdStarts, requests / 1_400),
        ] {
            totals.add(count, times);
        }
    }
}

/// Numbers around a typical one, of times with a tail: 95 % within about twice of it.
fn spread(measure: Measure, typical: u64, times: u64) -> Histogram {
    let histogram = Histogram::default();
    for at in 0..times {
        let percent = 55 + (at * 37) % 100 + if at % 23 == 0 { 140 } else { 0 };
        match measure.unit() {
            monitoring::Unit::Time => histogram.record(Duration::from_nanos(typical * percent / 100)),
            _ => histogram.record_number((typical * percent.min(160) / 100).min(100.max(typical))),
        }
    }
    histogram
}
