//! The hook as `CodeDeploy` sees it: what it is told of which version.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod codedeploy;
mod lambda;

use std::collections::BTreeMap;

use local::lambda::Binaries;
use local::project::Project;
use local::rie::Rie;
use local::stack::{Options, Stack};
use release_check::ReleaseCheck;
use serde_json::{Value, json};

use crate::codedeploy::CodeDeploy;
use crate::lambda::Lambda;

const PREFIX: &str = "shop-";

/// The variables of the function, with these two in place of AWS.
fn environment(codedeploy: &CodeDeploy, lambda: &str, own_name: &str) -> BTreeMap<String, String> {
    [
        ("STAGE", "local"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_LAMBDA_FUNCTION_NAME", own_name),
        ("AWS_ENDPOINT_URL_CODEDEPLOY", &codedeploy.endpoint()),
        ("AWS_ENDPOINT_URL_LAMBDA", lambda),
        ("HEALTH_TOKEN", ""),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn hook_of(environment: &BTreeMap<String, String>) -> ReleaseCheck {
    ReleaseCheck::new(&|name| environment.get(name).cloned()).unwrap()
}

fn event() -> Value {
    let file =
        Project::find().unwrap().root().join("functions/release-check/events/before-allow-traffic.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// What `CodeDeploy` is told when Lambda answers so.
async fn told_of(function: &str, lambda: &Lambda) -> Vec<Value> {
    let codedeploy = CodeDeploy::deploying(&format!("{PREFIX}{function}"), "7").await;
    let environment = environment(&codedeploy, &lambda.endpoint(), "shop-release-check");
    hook_of(&environment).handle(event()).await.unwrap();
    codedeploy.told()
}

fn verdict(status: &str) -> Vec<Value> {
    let event = event();
    vec![json!({
        "deploymentId": event["DeploymentId"],
        "lifecycleEventHookExecutionId": event["LifecycleEventHookExecutionId"],
        "status": status,
    })]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_of_this_tree_passes() {
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::start(Options::for_tests(folder.path()), |_| {}).await.unwrap();
    let functions = Project::find().unwrap().template().unwrap().functions().unwrap();
    for function in functions.iter().filter(|function| function.name != "release-check") {
        let codedeploy = CodeDeploy::deploying(&function.name, "1").await;
        let environment = environment(&codedeploy, &stack.emulator(), "release-check");
        let report = hook_of(&environment).handle(event()).await.unwrap();
        assert_eq!(codedeploy.told(), verdict("Succeeded"), "{}: {report:?}", function.name);
    }
    stack.stop().await;
}

#[tokio::test]
async fn the_target_version_is_invoked_and_no_other() {
    let lambda = Lambda::answering(&json!({"statusCode": 401}), false).await;
    assert_eq!(told_of("carts", &lambda).await, verdict("Succeeded"));
    assert_eq!(lambda.asked(), ["/2015-03-31/functions/shop-carts/invocations?Qualifier=7"]);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_keeps_failing_is_refused_after_three_tries() {
    let lambda = Lambda::answering(&json!({"errorType": "Runtime.ExitError"}), true).await;
    assert_eq!(told_of("carts", &lambda).await, verdict("Failed"));
    assert_eq!(lambda.asked().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_nobody_said_how_to_try_is_refused() {
    let lambda = Lambda::answering(&json!({}), false).await;
    assert_eq!(told_of("refunds", &lambda).await, verdict("Failed"));
    assert!(lambda.asked().is_empty());
}

#[tokio::test]
async fn a_deployment_that_codedeploy_does_not_tell_is_refused() {
    let codedeploy = CodeDeploy::refusing("GetDeployment").await;
    let environment = environment(&codedeploy, "http://127.0.0.1:1", "shop-release-check");
    hook_of(&environment).handle(event()).await.unwrap();
    assert_eq!(codedeploy.told(), verdict("Failed"));
}

#[tokio::test]
async fn a_verdict_that_is_not_taken_fails_the_invocation() {
    let codedeploy = CodeDeploy::refusing("PutLifecycleEventHookExecutionStatus").await;
    let environment = environment(&codedeploy, "http://127.0.0.1:1", "shop-release-check");
    let error = hook_of(&environment).handle(event()).await.unwrap_err();
    assert_eq!(error.to_string(), "CodeDeploy does not take the verdict");
}

#[tokio::test]
async fn an_event_of_somebody_else_is_refused() {
    let codedeploy = CodeDeploy::deploying("shop-carts", "7").await;
    let environment = environment(&codedeploy, "http://127.0.0.1:1", "shop-release-check");
    let error = hook_of(&environment).handle(json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "the event is no hook of CodeDeploy's");
}

/// The binary, as Lambda runs it.
#[tokio::test(flavor = "multi_thread")]
async fn it_answers_its_payload() {
    let lambda = Lambda::answering(&json!({"batchItemFailures": []}), false).await;
    let codedeploy = CodeDeploy::deploying("payment-events", "12").await;
    let environment = environment(&codedeploy, &lambda.endpoint(), "shop-release-check");
    let binary = Binaries::find().and_then(|binaries| binaries.of("release-check")).unwrap();
    let mut rie = Rie::start(&Project::find().unwrap(), &binary, &environment).await.unwrap();
    assert_eq!(rie.invoke(&event()).await.unwrap(), json!({"verdict": "Succeeded"}));
    assert_eq!(codedeploy.told(), verdict("Succeeded"));
    rie.stop().await;
}
