//! The load tests' runner: what fails a run, and what it lets alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output};

use local::project::Project;
use local::stack::{Options, Stack};
use serde_json::json;
use tempfile::TempDir;

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let root = Project::find().unwrap().root().to_owned();
    let mut command = Command::new(root.join("loadtest/run-load-tests.sh"));
    command.args(arguments).env("LOCAL", env!("CARGO_BIN_EXE_local")).env_remove("BASE_URL");
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

/// Whether the soak's watcher finds no fault with a process that took so many MB, sample
/// after sample.
fn is_flat(memory: impl Iterator<Item = u32>) -> bool {
    let sample = |memory| json!({"memory": memory, "descriptors": 9, "sockets": 3});
    let samples: Vec<_> = memory.map(sample).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes.json");
    std::fs::write(&file, json!({"samples": {"products": samples}, "replaced": []}).to_string()).unwrap();
    let watch = Project::find().unwrap().root().join("loadtest/watch");
    Command::new(watch).arg("judge").arg(file).status().unwrap().success()
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
