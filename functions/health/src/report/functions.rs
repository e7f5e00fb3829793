//! How each function does.

use std::collections::BTreeMap;

use monitoring::{Count, Measure, Totals};
use serde::Serialize;
use utoipa::ToSchema;

use crate::judge::{milliseconds, number};
use crate::names::is_of_the_api;
use crate::number::Number;
use crate::recent::Recent;

/// What one function did.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthFunction)]
pub(super) struct Function {
    /// Requests, or runs.
    requests: u64,
    errors: u64,
    /// In percent.
    error_rate: Option<Number>,
    p50_ms: Option<Number>,
    p95_ms: Option<Number>,
    p99_ms: Option<Number>,
    /// Of its largest process.
    memory_mb: Option<Number>,
    cold_starts: u64,
}

impl Function {
    fn of(totals: &Totals) -> Self {
        let requests = totals.sum([Count::Requests, Count::Events]);
        let errors = totals.sum([Count::ServerErrors, Count::EventsFailed]);
        let time = if totals.count(Count::Events) > 0 { Measure::EventTime } else { Measure::RequestTime };
        let [p50_ms, p95_ms, p99_ms] = [50, 95, 99].map(|percent| milliseconds(totals, time, percent));
        Self {
            requests,
            errors,
            error_rate: Number::percent(errors, requests),
            p50_ms,
            p95_ms,
            p99_ms,
            memory_mb: number(totals, Measure::MemoryUsed, 100),
            cold_starts: totals.count(Count::ColdStarts),
        }
    }
}

/// Those that answer the shop's requests.
pub(super) fn of_the_api(recent: &Recent) -> BTreeMap<String, Function> {
    those(recent, is_of_the_api)
}

/// The others.
pub(super) fn others(recent: &Recent) -> BTreeMap<String, Function> {
    those(recent, |name| !is_of_the_api(name))
}

fn those(recent: &Recent, are: impl Fn(&str) -> bool) -> BTreeMap<String, Function> {
    let functions = recent.functions.iter().filter(|(name, _)| are(name));
    functions.map(|(name, totals)| (name.clone(), Function::of(totals))).collect()
}
