//! What was counted, as lines of CloudWatch's embedded metric format: CloudWatch makes
//! metrics of them as it takes in the log, and nothing waits for a call of its API.
//!
//! Each value of a dimension makes a metric of its own, with a price; so there are two
//! dimensions, of few values, and which metric has which is fixed here.
//! Format: AWS, "Specification: Embedded metric format".

use std::time::Duration;

use cache::Distribution;
use serde_json::{Map, Value, json};

use crate::settings::Settings;
use crate::totals::{Count, Measure, Totals, Unit};

/// Where the metrics are found in CloudWatch.
pub(crate) const NAMESPACE: &str = "Storefront";
/// Numbers that one line may hold of a metric.
const NUMBERS: usize = 100;

/// The slowest request of a while, for whoever wonders about the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slowest {
    /// How long it took.
    pub time: Duration,
    /// Its id.
    pub request_id: String,
    /// X-Ray's id of its trace.
    pub trace_id: Option<String>,
    /// Its route, such as `/api/products/{id}`.
    pub route: String,
}

/// Of which dimensions a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The whole stage.
    Stage,
    /// The whole stage, and each function of it.
    Function,
}

impl Scope {
    /// The names of the dimensions, set by set.
    pub(crate) const fn dimensions(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Stage => &[&["Stage"]],
            Self::Function => &[&["Stage"], &["Stage", "Function"]],
        }
    }
}

impl Count {
    /// Of which dimensions its metric is.
    pub(crate) const fn scope(self) -> Scope {
        match self {
            Self::Requests
            | Self::ServerErrors
            | Self::Events
            | Self::EventsFailed
            | Self::Throttled
            | Self::ColdStarts
            | Self::AfterResponseDropped => Scope::Function,
            _ => Scope::Stage,
        }
    }
}

impl Measure {
    /// Of which dimensions its metric is.
    pub(crate) const fn scope(self) -> Scope {
        match self {
            Self::RequestTime
            | Self::EventTime
            | Self::InitTime
            | Self::MemoryUsed
            | Self::MemoryUse
            | Self::CpuUse => Scope::Function,
            _ => Scope::Stage,
        }
    }

    /// The unit of its metric, as CloudWatch names it.
    pub(crate) const fn metric_unit(self) -> &'static str {
        match self.unit() {
            Unit::Time => "Milliseconds",
            Unit::Percent => "Percent",
            Unit::Megabytes => "Megabytes",
            Unit::Number => "Count",
        }
    }
}

/// One metric in one line.
struct Metric {
    name: &'static str,
    unit: &'static str,
    scope: Scope,
    value: Value,
}

/// The lines that tell what happened; usually one.
pub(crate) fn lines(
    settings: &Settings,
    totals: &Totals,
    slowest: Option<&Slowest>,
    now: Duration,
) -> Vec<String> {
    let mut lines: Vec<Vec<Metric>> = vec![totals.counts().map(counted).collect()];
    for (measure, distribution) in totals.measures() {
        for (at, numbers) in numbers(measure.unit(), distribution).chunks(NUMBERS).enumerate() {
            if lines.len() == at {
                lines.push(Vec::new());
            }
            lines[at].push(measured(measure, numbers));
        }
    }
    lines.retain(|metrics| !metrics.is_empty());
    lines.into_iter().map(|metrics| line(settings, metrics, slowest, now)).collect()
}

fn counted((count, times): (Count, u64)) -> Metric {
    Metric { name: count.name(), unit: "Count", scope: count.scope(), value: times.into() }
}

fn measured(measure: Measure, numbers: &[f64]) -> Metric {
    let unit = measure.metric_unit();
    Metric { name: measure.name(), unit, scope: measure.scope(), value: numbers.into() }
}

/// Each number that was measured, within 3 %.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "milliseconds in a log are no money"
)]
fn numbers(unit: Unit, distribution: &Distribution) -> Vec<f64> {
    let shown = |number: u64| match unit {
        Unit::Time => (number / 100) as f64 / 10_000.0,
        Unit::Percent | Unit::Megabytes | Unit::Number => number as f64,
    };
    let buckets = distribution.buckets();
    buckets.flat_map(|(_, middle, times)| (0..times).map(move |_| shown(middle))).collect()
}

fn line(settings: &Settings, metrics: Vec<Metric>, slowest: Option<&Slowest>, now: Duration) -> String {
    let scopes = [Scope::Stage, Scope::Function];
    let directives: Vec<Value> = scopes.into_iter().filter_map(|scope| directive(scope, &metrics)).collect();
    let timestamp = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let mut line = Map::from_iter([
        ("_aws".to_owned(), json!({"Timestamp": timestamp, "CloudWatchMetrics": directives})),
        ("Stage".to_owned(), named(&settings.stage)),
        ("Function".to_owned(), named(&settings.function)),
    ]);
    line.extend(metrics.into_iter().map(|metric| (metric.name.to_owned(), metric.value)));
    if let Some(slowest) = slowest {
        line.insert("slowest_request".into(), slowest.shown());
    }
    Value::Object(line).to_string()
}

/// What CloudWatch is to make of some of a line's members.
fn directive(scope: Scope, metrics: &[Metric]) -> Option<Value> {
    let metrics = metrics.iter().filter(|metric| metric.scope == scope);
    let metrics: Vec<Value> =
        metrics.map(|metric| json!({"Name": metric.name, "Unit": metric.unit})).collect();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": scope.dimensions(), "Metrics": metrics});
    (!metrics.is_empty()).then_some(directive)
}

/// A dimension's value must not be empty.
fn named(name: &str) -> Value {
    if name.is_empty() { "none".into() } else { name.into() }
}

impl Slowest {
    fn shown(&self) -> Value {
        let Self { time, request_id, trace_id, route } = self;
        let duration_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        json!({"request_id": request_id, "trace_id": trace_id, "route": route, "duration_ms": duration_ms})
    }
}

#[cfg(test)]
mod tests;
