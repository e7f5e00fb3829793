//! How the table does.

use monitoring::{Count, Measure, Totals};
use serde::Serialize;
use utoipa::ToSchema;

use crate::check::{Check, Checks, Status};
use crate::probe::Probe;
use crate::recent::Recent;
use crate::{judge, limits};

/// The table.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthDatabase)]
pub(super) struct Database {
    pub(super) status: Status,
    #[schema(value_type = HashMap<String, Check>)]
    checks: Checks,
    calls: Option<u64>,
    failures: Option<u64>,
    retries: Option<u64>,
}

impl Database {
    pub(super) fn of(probe: Probe, recent: &Recent) -> Self {
        let checks = checks(probe, &recent.all);
        Self {
            status: checks.status(),
            checks,
            calls: recent.count(Count::DatabaseCalls),
            failures: recent.count(Count::DatabaseFailures),
            retries: recent.count(Count::DatabaseRetries),
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
