//! One minute, for a chart.

use jiff::Timestamp;
use monitoring::{Count, Measure};
use serde::Serialize;
use utoipa::ToSchema;

use super::cache::hit_rate;
use crate::judge::milliseconds;
use crate::number::Number;
use crate::recent::{Recent, View, begin};

/// What happened in one minute.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthMinute)]
pub(super) struct Minute {
    /// When it began.
    #[serde(rename = "minute")]
    began: Timestamp,
    /// How much of it has passed.
    seconds: u64,
    requests: u64,
    requests_per_second: Option<Number>,
    errors: u64,
    error_rate: Option<Number>,
    api_p95_ms: Option<Number>,
    database_p95_ms: Option<Number>,
    cache_p95_ms: Option<Number>,
    hit_rate: Option<Number>,
}

impl Minute {
    pub(super) fn of(minute: u64, recent: &Recent, view: &View<'_>) -> Self {
        let Recent { all, api, .. } = recent;
        let (requests, errors) = (api.count(Count::Requests), api.count(Count::ServerErrors));
        let seconds = view.seconds_of(minute);
        Self {
            began: begin(minute),
            seconds,
            requests,
            requests_per_second: Number::per_second(requests, seconds),
            errors,
            error_rate: Number::percent(errors, requests),
            api_p95_ms: milliseconds(api, Measure::RequestTime, 95),
            database_p95_ms: milliseconds(all, Measure::DatabaseTime, 95),
            cache_p95_ms: milliseconds(all, Measure::CacheTime, 95),
            hit_rate: hit_rate(all),
        }
    }
}
