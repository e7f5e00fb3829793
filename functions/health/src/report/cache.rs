//! How the cache does. It costs speed alone, so it is degraded at worst.

use monitoring::{Count, Measure, Totals};
use serde::Serialize;
use utoipa::ToSchema;

use crate::check::{Check, Checks, Status};
use crate::managed::Described;
use crate::number::Number;
use crate::probe::Probe;
use crate::recent::Recent;
use crate::{judge, limits};

/// The cache.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthCache)]
pub(super) struct Cache {
    pub(super) status: Status,
    #[schema(value_type = HashMap<String, Check>)]
    checks: Checks,
    /// Keys that were asked for.
    keys: Option<u64>,
    /// Invalidations that were not acknowledged at once; they are repeated.
    unacknowledged: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    managed: Option<Described>,
}

impl Cache {
    pub(super) fn of(probe: Probe, managed: Option<Described>, recent: &Recent) -> Self {
        let checks = checks(probe, recent);
        Self {
            status: checks.status(),
            checks,
            keys: recent.count(Count::CacheMisses).map(|_| keys(&recent.all)),
            unacknowledged: recent.count(Count::CacheUnacknowledged),
            managed,
        }
    }
}

fn checks(probe: Probe, recent: &Recent) -> Checks {
    let totals = &recent.all;
    let errors = judge::share(limits::CACHE_ERRORS, errors(totals), requests(totals));
    // One that does not answer has nothing to read either, and that is said already.
    let is_unreadable = !recent.is_known() && matches!(probe, Probe::Answered(_));
    let unreadable = || limits::CACHE_ERRORS.fail("the fleet's counts cannot be read");
    Checks::new([
        ("probe", probe.judge(limits::CACHE_TIME)),
        ("p95", judge::time(limits::CACHE_TIME, totals, Measure::CacheTime)),
        ("hit_rate", judge::share(limits::HIT_RATE, hits(totals), keys(totals))),
        ("miss_penalty", judge::time(limits::MISS_PENALTY, totals, Measure::MissPenalty)),
        ("errors", if is_unreadable { unreadable() } else { errors }),
    ])
}

/// Of the keys that were asked for, those that a tier answered.
pub(super) fn hit_rate(totals: &Totals) -> Option<Number> {
    Number::percent(hits(totals), keys(totals))
}

fn keys(totals: &Totals) -> u64 {
    hits(totals) + totals.count(Count::CacheMisses)
}

fn hits(totals: &Totals) -> u64 {
    totals.sum([Count::CacheL1Hits, Count::CacheL2Hits, Count::CacheStale])
}

fn errors(totals: &Totals) -> u64 {
    totals.sum([Count::CacheErrors, Count::CacheSkipped])
}

/// What was sent to the shared cache, or was to be. One that is sent to several nodes can
/// fail at each.
fn requests(totals: &Totals) -> u64 {
    totals.sum([Count::CacheRequests, Count::CacheSkipped]).max(errors(totals))
}
