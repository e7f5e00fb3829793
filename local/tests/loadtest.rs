//! The load tests' runner: what fails a run, and what it lets alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use local::project::Project;
use local::stack::{Options, Stack};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let root = Project::find().unwrap().root().to_owned();
    let mut command = Command::new(root.join("loadtest/run-load-tests.sh"));
    command.args(arguments).env("LOCAL", env!("CARGO_BIN_EXE_local"));
    for inherited in ["ALLOW_WRITES", "AUTH_KEY", "BASE_URL", "RATE", "RETAIL_CSV", "THRESHOLDS", "TOKENS"] {
        command.env_remove(inherited);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_limit_that_is_missed_fails_the_run() {
    let missed = "http_req_duration{part:health}:p(95)<0.001";
    let ended = run(&["--smoke", "-t", "health-check"], &[("THRESHOLDS", missed)]);
    assert_eq!(ended.status.code(), Some(1), "{}", text(ended.stderr));
    let table = text(ended.stdout);
    let row = table.lines().find(|line| line.contains("p(95)<0.001")).unwrap();
    assert!(row.ends_with("MISSED"), "{table}");
    assert!(table.contains("\n1 of "), "{table}");
}

#[test]
fn an_unknown_scenario_is_refused() {
    let ended = run(&["-t", "no-such"], &[]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(text(ended.stderr).contains("there is no scenario no-such"));
}

/// A shop that somebody else runs.
async fn shop(folder: &TempDir) -> Stack {
    Stack::start(Options::for_tests(folder.path()), |_| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployed_stage_is_not_written_to_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder).await;
    let ended = run(&["--smoke", "-t", "checkout,webhook-processing"], &[("BASE_URL", shop.url())]);
    let said = text(ended.stderr);
    for name in ["checkout", "webhook-processing"] {
        assert!(said.contains(&format!("skipping {name}: it writes")), "{said}");
    }
    assert_eq!(ended.status.code(), Some(2), "{said}");
    shop.stop().await;
}

/// Products for a shop, by a file in its folder.
fn stocks(shop: &Stack, folder: &TempDir) {
    let file = folder.path().join("retail.csv");
    let row = |at| format!("536365,2{at:04},THE MUG {at},6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n");
    let head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    std::fs::write(&file, head.to_owned() + &(0..40).map(row).collect::<String>()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.arg("import").arg(file).args(["--category", "mugs", "--url", shop.url(), "--state"]);
    let ended = command.arg(folder.path()).output().unwrap();
    assert!(ended.status.success(), "{}", text(ended.stderr));
}

/// What a shop's functions were asked, by method.
fn asked(shop: &Stack) -> BTreeMap<String, u32> {
    let mut methods = BTreeMap::new();
    for log in std::fs::read_dir(shop.logs()).unwrap() {
        let log = std::fs::read_to_string(log.unwrap().path()).unwrap();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        for method in lines.filter_map(|line| line["method"].as_str().map(str::to_owned)) {
            *methods.entry(method).or_default() += 1;
        }
    }
    methods
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_deployed_stage_users_with_tokens_only_read_and_not_too_fast() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder).await;
    stocks(&shop, &folder);
    let imported = asked(&shop);
    let token = |user| shop.token(&format!("user-{user}"), "", Duration::from_hours(1)).unwrap();
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, (0..102).map(token).collect::<Vec<_>>().join("\n")).unwrap();
    let began = Instant::now();
    let variables = [("BASE_URL", shop.url()), ("TOKENS", tokens.to_str().unwrap()), ("RATE", "20")];
    let ended = run(&["--smoke", "-t", "rate-limiting,mixed,soak"], &variables);
    let (said, seconds) = (text(ended.stderr), began.elapsed().as_secs_f64());
    assert_eq!(ended.status.code(), Some(0), "{said}");
    let (mut asked, reads) = (asked(&shop), imported.get("GET").copied().unwrap_or(0));
    let reads = asked.insert("GET".to_owned(), reads).unwrap() - reads;
    assert_eq!(asked, imported, "it has written");
    assert!(reads > 50 && f64::from(reads) < 20.0 * seconds, "{reads} in {seconds} s");
    shop.stop().await;
}

#[test]
fn a_ceiling_that_is_no_number_is_refused() {
    let ended = run(&["-t", "mixed"], &[("BASE_URL", "http://127.0.0.1:1"), ("RATE", "-1")]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(text(ended.stderr).contains("RATE=-1 is no number"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stage_lacks_is_said_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let shop = shop(&folder).await;
    let ended = run(&["--smoke", "--write", "-t", "checkout"], &[("BASE_URL", shop.url())]);
    let said = text(ended.stderr);
    for lack in ["AUTH_KEY or TOKENS", "STRIPE_WEBHOOK_SECRETS", "STANDARD_WEBHOOK_SECRETS"] {
        assert!(said.contains(&format!("missing: {lack}")), "{said}");
    }
    assert_eq!(ended.status.code(), Some(2), "{said}");
    shop.stop().await;
}

/// Something that says of its health first this and then that, and has nothing else.
async fn said_of_health(first: u16, then: u16) -> String {
    let asked = AtomicBool::new(false);
    let detailed = move || {
        let status = if asked.swap(true, Ordering::Relaxed) { then } else { first };
        let body = r#"{"window":{"scope":"environment","minutes":5}}"#;
        std::future::ready((StatusCode::from_u16(status).unwrap(), body))
    };
    let detailed = Arc::new(detailed);
    let service = Router::new()
        .route("/api/health", get(|| async {}))
        .route("/api/health/detailed", get(move || detailed()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, service).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_is_unhealthy_has_time_to_forget_what_it_counted() {
    let url = said_of_health(503, 200).await;
    let said = text(run(&["--smoke", "-t", "health-check"], &[("BASE_URL", &url)]).stderr);
    assert!(said.contains("is unhealthy (503)") && said.contains("waiting up to 360 s"), "{said}");
    assert!(!said.contains("missing: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_stages_health_is_told_apart() {
    for (status, words) in [(503, "still says unhealthy (503)"), (401, "HEALTH_TOKEN"), (404, "it is 404")] {
        let url = said_of_health(status, status).await;
        let ended = run(&["--smoke", "-t", "health-check"], &[("BASE_URL", &url), ("PATIENCE", "0")]);
        let said = text(ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains("missing: ") && said.contains(words), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_counts_the_fleet_its_health_has_no_limits() {
    let url = said_of_health(200, 200).await;
    let said = text(run(&["-t", "mixed"], &[("BASE_URL", &url)]).stderr);
    assert!(said.contains("without the limits of its health"), "{said}");
}

#[test]
fn a_knee_that_comes_too_early_fails_the_run() {
    let early = "knee_requests_per_second:value>=1000000";
    let ended = run(&["--smoke", "-t", "stress"], &[("THRESHOLDS", early)]);
    assert_eq!(ended.status.code(), Some(1), "{}", text(ended.stderr));
    let table = text(ended.stdout);
    let row = table.lines().find(|line| line.contains("value>=1000000")).unwrap();
    assert!(row.ends_with("MISSED"), "{table}");
}

/// Whether the watcher finds no fault by its rule with `products` and its samples.
fn holds(rule: &str, samples: &[Value], died: &[&str]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes.json");
    let seen = json!({"rule": rule, "samples": {"products": samples}, "connections": {"products": 84}, "died": died});
    std::fs::write(&file, seen.to_string()).unwrap();
    let watch = Project::find().unwrap().root().join("loadtest/watch");
    Command::new(watch).arg("judge").arg(file).status().unwrap().success()
}

fn sample(memory: u32, sockets: u32) -> Value {
    json!({"memory": memory, "descriptors": sockets + 8, "sockets": sockets})
}

/// Whether the soak finds no fault with a process that took so many MB, sample after sample.
fn is_flat(memory: impl Iterator<Item = u32>) -> bool {
    holds("growth", &memory.map(|memory| sample(memory, 3)).collect::<Vec<_>>(), &[])
}

#[test]
fn a_process_that_grows_all_along_fails_the_soak() {
    assert!(!is_flat((0..90).map(|at| 20 + at)));
}

#[test]
fn a_process_that_grows_while_it_warms_up_does_not() {
    assert!(is_flat((0..90).map(|at| 20 + at.min(30))));
}

#[test]
fn a_process_that_grows_by_a_little_does_not() {
    assert!(is_flat((0..90).map(|at| 20 + at / 30)));
}

#[test]
fn a_process_that_keeps_what_a_burst_took_does_not() {
    assert!(is_flat((0..90).map(|at| if at < 57 { 20 } else { 30 })));
}

#[test]
fn a_minute_within_bounds_holds() {
    assert!(holds("bounds", &[sample(20, 70), sample(500, 90), sample(20, 70)], &[]));
}

#[test]
fn a_process_that_once_takes_too_much_memory_fails_the_minute() {
    assert!(!holds("bounds", &[sample(20, 70), sample(512, 70), sample(20, 70)], &[]));
}

#[test]
fn a_function_with_more_connections_than_slots_fails_the_minute() {
    assert!(!holds("bounds", &[sample(20, 70), sample(20, 120), sample(20, 70)], &[]));
}

#[test]
fn a_process_that_died_fails_the_minute() {
    assert!(!holds("bounds", &[sample(20, 70)], &["products"]));
}
