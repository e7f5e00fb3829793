//! How the API does for its callers.

use std::collections::BTreeMap;

use monitoring::{Count, Measure, Totals};
use serde::Serialize;
use utoipa::ToSchema;

use super::functions::{self, Function};
use crate::check::{Check, Checks, Status};
use crate::number::Number;
use crate::recent::Recent;
use crate::{judge, limits};

/// Requests, of all API functions together and of each.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthApi)]
pub(super) struct Api {
    pub(super) status: Status,
    #[schema(value_type = HashMap<String, Check>)]
    checks: Checks,
    requests: Option<u64>,
    requests_per_second: Option<Number>,
    /// Requests that a rate limit refused.
    throttled: Option<u64>,
    functions: BTreeMap<String, Function>,
}

impl Api {
    pub(super) fn of(recent: &Recent, seconds: u64) -> Self {
        let checks = checks(&recent.api);
        let requests = recent.count_of_api(Count::Requests);
        Self {
            status: checks.status(),
            checks,
            requests,
            requests_per_second: requests.and_then(|requests| Number::per_second(requests, seconds)),
            throttled: recent.count_of_api(Count::Throttled),
            functions: functions::of_the_api(recent),
        }
    }
}

fn checks(totals: &Totals) -> Checks {
    let (errors, requests) = (totals.count(Count::ServerErrors), totals.count(Count::Requests));
    Checks::new([
        ("p95", judge::time(limits::API_TIME, totals, Measure::RequestTime)),
        ("error_rate", judge::share(limits::ERROR_RATE, errors, requests)),
    ])
}
