//! The load tests' runner: what fails a run, and what it lets alone.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Output};

use local::project::Project;
use local::stack::{Options, Stack};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_deployed_stage_is_not_written_to_unasked() {
    let state = tempfile::tempdir().unwrap();
    let stack = Stack::start(Options::for_tests(state.path()), |_| {}).await.unwrap();
    let stage = [("BASE_URL", stack.url())];
    let ended = run(&["--smoke", "-t", "checkout,webhook-processing"], &stage);
    let said = text(ended.stderr);
    for name in ["checkout", "webhook-processing"] {
        assert!(said.contains(&format!("skipping {name}: it writes")), "{said}");
    }
    assert_eq!(ended.status.code(), Some(2), "{said}");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stage_lacks_is_said_before_anything_runs() {
    let state = tempfile::tempdir().unwrap();
    let stack = Stack::start(Options::for_tests(state.path()), |_| {}).await.unwrap();
    let stage = [("BASE_URL", stack.url())];
    let ended = run(&["--smoke", "--write", "-t", "checkout"], &stage);
    let said = text(ended.stderr);
    for lack in ["AUTH_KEY or TOKENS", "STRIPE_WEBHOOK_SECRETS", "STANDARD_WEBHOOK_SECRETS"] {
        assert!(said.contains(&format!("missing: {lack}")), "{said}");
    }
    assert_eq!(ended.status.code(), Some(2), "{said}");
    stack.stop().await;
}
