//! How the table does.

use monitoring::{Count, Measure, Totals};
use serde::Serialize;

use crate::check::{Checks, Status};
use crate::probe::Probe;
use crate::{judge, limits};

#[derive(Serialize)]
pub(super) struct Database {
    pub(super) status: Status,
    checks: Checks,
    calls: u64,
    failures: u64,
    retries: u64,
}

impl Database {
    pub(super) fn of(probe: Probe, totals: &Totals) -> Self {
        let checks = checks(probe, totals);
        Self {
            status: checks.status(),
            checks,
            calls: totals.count(Count::DatabaseCalls),
            failures: totals.count(Count::DatabaseFailures),
            retries: totals.count(Count::DatabaseRetries),
        }
    }
}

fn checks(probe: Probe, totals: &Totals) -> Checks {
    let calls = totals.count(Count::DatabaseCalls);
    let of_calls = |limits, count| judge::share(limits, totals.count(count), calls);
    Checks::new([
        ("probe", probe.judge(limits::DATABASE_TIME)),
        ("p95", judge::time(limits::DATABASE_TIME, totals, Measure::DatabaseTime)),
        ("slot_use", judge::level(limits::SLOT_USE, totals, Measure::SlotUse)),
        ("slow_queries", of_calls(limits::SLOW_QUERIES, Count::DatabaseSlow)),
        ("connection_failures", of_calls(limits::CONNECTION_FAILURES, Count::DatabaseConnectionFailures)),
    ])
}
