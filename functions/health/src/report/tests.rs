//! Reports of made-up windows. The snapshots are the shape of the answer, and what
//! the dashboard's test shows.

mod fleet;

use std::time::Duration;

use jiff::Timestamp;
use monitoring::{Count, FunctionNames, Totals, Window};
use serde_json::{Value, json};

use self::fleet::Fleet;
use super::{Observed, Report};
use crate::probe::Probe;

/// When all of them are looked at: 42 s into a minute.
const NOW: &str = "2026-11-25T18:42:42Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn observed(window: Option<Window>) -> Observed {
    Observed {
        now: now(),
        uptime: 4_242,
        database: Probe::Answered(Duration::from_micros(3_140)),
        cache: Probe::Answered(Duration::from_micros(420)),
        window,
        managed: None,
    }
}

fn judged(observed: Observed) -> Report {
    Report::of(observed, &FunctionNames::default())
}

fn report(observed: Observed) -> Value {
    serde_json::to_value(judged(observed)).unwrap()
}

/// The report of one function's counts in the running minute.
fn of_counts(function: &str, counts: &[(Count, u64)]) -> Value {
    let mut totals = Totals::default();
    for (count, times) in counts {
        totals.add(*count, *times);
    }
    report(observed(Some(window([(running(), function, totals)]))))
}

fn window<const N: usize>(said: [(u64, &str, Totals); N]) -> Window {
    let mut window = Window { is_fleet: true, ..Window::default() };
    for (minute, function, totals) in said {
        window.minutes.entry(minute).or_default().entry(function.to_owned()).or_default().merge(&totals);
    }
    window
}

fn running() -> u64 {
    now().as_second().unsigned_abs() / 60
}

fn requests(requests: u64) -> Totals {
    let mut totals = Totals::default();
    totals.add(Count::Requests, requests);
    totals
}

#[test]
fn a_busy_day_is_healthy() {
    insta::assert_json_snapshot!(judged(observed(Some(Fleet::busy().window()))));
}

#[test]
fn a_slow_table_and_a_cold_cache_are_degraded() {
    let window = Fleet::slow().window();
    let probe = Probe::Answered(Duration::from_millis(141));
    insta::assert_json_snapshot!(judged(Observed { database: probe, ..observed(Some(window)) }));
}

#[test]
fn a_fleet_that_errs_under_load_is_unhealthy() {
    let window = Fleet::overloaded().window();
    let probe = Probe::Answered(Duration::from_millis(388));
    insta::assert_json_snapshot!(judged(Observed { database: probe, ..observed(Some(window)) }));
}

#[test]
fn a_dead_cache_is_degraded_and_takes_the_counts_along() {
    let cache = Probe::Failed("the cache cannot be reached");
    insta::assert_json_snapshot!(judged(Observed { cache, ..observed(None) }));
}

#[test]
fn what_cannot_be_read_is_no_zero() {
    let report = report(observed(None));
    assert_eq!(report["services"]["api"]["requests"], Value::Null);
    assert_eq!((&report["business"]["orders_placed"], &report["minutes"]), (&Value::Null, &json!([])));
}

#[test]
fn counts_that_cannot_be_read_are_not_well_though_the_cache_answers() {
    let report = report(observed(None));
    let errors = &report["services"]["cache"]["checks"]["errors"];
    let expected = (&json!("degraded"), &json!("the fleet's counts cannot be read"));
    assert_eq!((&report["status"], &errors["detail"]), expected);
}

#[test]
fn a_dead_table_is_unhealthy() {
    let database = Probe::Failed("the table cannot be read");
    let report = report(Observed { database, ..observed(Some(Window::default())) });
    assert_eq!(
        (&report["status"], &report["services"]["database"]["status"]),
        (&json!("unhealthy"), &json!("unhealthy"))
    );
    let probe = &report["services"]["database"]["checks"]["probe"];
    assert_eq!((&probe["value"], &probe["detail"]), (&Value::Null, &json!("the table cannot be read")));
}

#[test]
fn nothing_counted_is_unknown_and_counts_as_healthy() {
    let report = report(observed(Some(Window::default())));
    assert_eq!(
        (&report["status"], &report["services"]["api"]["status"]),
        (&json!("healthy"), &json!("unknown"))
    );
    assert_eq!(report["services"]["api"]["checks"]["p95"]["value"], Value::Null);
    assert_eq!(report["window"]["scope"], "environment");
}

#[test]
fn one_error_in_a_quiet_night_is_no_outage() {
    let report = of_counts("products", &[(Count::Requests, 20), (Count::ServerErrors, 1)]);
    let rate = &report["services"]["api"]["checks"]["error_rate"];
    assert_eq!(
        (&rate["value"], &rate["status"], &rate["samples"]),
        (&json!(5), &json!("degraded"), &json!(20))
    );
}

#[test]
fn an_error_in_twenty_requests_is_unhealthy() {
    let report = of_counts("products", &[(Count::Requests, 200), (Count::ServerErrors, 10)]);
    let rate = &report["services"]["api"]["checks"]["error_rate"];
    assert_eq!((&rate["value"], &rate["status"]), (&json!(5), &json!("unhealthy")));
    assert_eq!(report["status"], "unhealthy");
}

/// Its answers are a 503 while anything is unhealthy.
#[test]
fn the_errors_of_health_itself_are_not_the_apis() {
    let report = of_counts("health", &[(Count::Requests, 20), (Count::ServerErrors, 20)]);
    assert_eq!((&report["status"], &report["services"]["api"]["requests"]), (&json!("healthy"), &json!(0)));
    assert_eq!(report["other_functions"]["health"]["errors"], 20);
}

#[test]
fn errors_of_the_cache_are_those_failed_and_those_not_sent() {
    let mut totals = Totals::default();
    totals.add(Count::CacheErrors, 1);
    totals.add(Count::CacheSkipped, 1);
    totals.add(Count::CacheRequests, 99);
    let report = report(observed(Some(window([(running(), "products", totals)]))));
    let errors = &report["services"]["cache"]["checks"]["errors"];
    assert_eq!(
        (&errors["value"], &errors["status"], &errors["samples"]),
        (&json!(2), &json!("degraded"), &json!(100))
    );
}

#[test]
fn verdicts_are_on_the_last_five_minutes_and_charts_on_the_quarter_of_an_hour() {
    let said = [(running() - 15, 1), (running() - 5, 10), (running() - 4, 100), (running(), 1_000)];
    let report = report(observed(Some(window(said.map(|(minute, n)| (minute, "products", requests(n)))))));
    assert_eq!(report["services"]["api"]["requests"], 1_100);
    let minutes = report["minutes"].as_array().unwrap();
    let counted: Vec<_> = minutes.iter().filter_map(|it| it["requests"].as_u64()).collect();
    assert_eq!((counted.len(), counted.iter().sum::<u64>(), counted[0], counted[15]), (16, 1_111, 1, 1_000));
    assert_eq!(
        (&minutes[15]["minute"], &minutes[15]["seconds"]),
        (&json!("2026-11-25T18:42:00Z"), &json!(42))
    );
}

#[test]
fn a_function_that_counts_by_a_faster_clock_is_heard() {
    let report = report(observed(Some(window([(running() + 1, "products", requests(7))]))));
    assert_eq!(report["services"]["api"]["requests"], 7);
}
