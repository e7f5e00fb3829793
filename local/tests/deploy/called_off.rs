//! An update that is under way is called off. moto's are over at once, so a stand-in for
//! CloudFormation speaks its protocol (AWS Query) here.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use tokio::net::TcpListener;

use crate::tree::Tree;

/// A stack that is on its way from one release to another.
struct Update {
    status: &'static str,
    release: String,
    /// Whether it comes to its end just before it is called off.
    is_too_late: bool,
    actions: Vec<String>,
}

type Stack = Arc<Mutex<Update>>;

async fn cloudformation(is_too_late: bool) -> (String, Stack) {
    let (status, release, actions) = ("UPDATE_IN_PROGRESS", release("b"), Vec::new());
    let stack = Arc::new(Mutex::new(Update { status, release, is_too_late, actions }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = Router::new().fallback(answer).with_state(Arc::clone(&stack));
    tokio::spawn(async move { axum::serve(listener, service).await });
    (endpoint, stack)
}

fn release(letter: &str) -> String {
    format!("storefront@0.1.0+{}.20261126T010203Z", letter.repeat(40))
}

async fn answer(State(stack): State<Stack>, body: String) -> (StatusCode, String) {
    let Query(fields): Query<Vec<(String, String)>> =
        Query::try_from_uri(&format!("/?{body}").parse().unwrap()).unwrap(); // a form is written so
    let value = |name: &str| fields.iter().find(|(it, _)| it == name).unwrap().1.clone();
    let action = value("Action");
    let mut stack = stack.lock().unwrap();
    stack.actions.push(action.clone());
    match action.as_str() {
        "CancelUpdateStack" if stack.is_too_late => {
            stack.status = "UPDATE_COMPLETE";
            let error = "<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>";
            return (StatusCode::BAD_REQUEST, error.to_owned());
        }
        "CancelUpdateStack" => (stack.status, stack.release) = ("UPDATE_ROLLBACK_COMPLETE", release("a")),
        "UpdateStack" => {
            let (key, _) = fields.iter().find(|(_, it)| it == "Release").unwrap();
            let deployed = value(&key.replace("ParameterKey", "ParameterValue"));
            (stack.status, stack.release) = ("UPDATE_COMPLETE", deployed);
        }
        _ => {}
    }
    let result = if action == "DescribeStacks" { described(&stack) } else { String::new() };
    (
        StatusCode::OK,
        format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"),
    )
}

fn described(Update { status, release, .. }: &Update) -> String {
    format!(
        "<Stacks><member><StackName>storefront-dev</StackName><StackStatus>{status}</StackStatus>\
         <CreationTime>2026-11-26T01:02:03Z</CreationTime><Parameters><member><ParameterKey>Release</ParameterKey>\
         <ParameterValue>{release}</ParameterValue></member></Parameters><Outputs><member>\
         <OutputKey>ApiUrl</OutputKey><OutputValue>https://storefront-dev.test</OutputValue></member></Outputs>\
         </member></Stacks>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_under_way_is_called_off_and_nothing_is_deployed() {
    let tree = Tree::new();
    let (endpoint, stack) = cloudformation(false).await;
    let ended = tree.run("rollback", &["dev"], &[("AWS_ENDPOINT_URL_CLOUDFORMATION", &endpoint)]);
    ended.assert(0, &format!("dev runs storefront@0.1.0+{}", "a".repeat(40)));
    assert!(stack.lock().unwrap().actions.contains(&"CancelUpdateStack".to_owned()));
    assert_eq!(tree.steps(), ["load"]);
}

/// Whether it is called off or over by then, it goes to the commit that was named.
async fn goes_to_the_named_commit(is_too_late: bool) {
    let tree = Tree::new();
    tree.deploy("dev").assert(0, "dev runs");
    tree.called();
    let (named, (endpoint, _)) = (tree.commit_now(), cloudformation(is_too_late).await);
    let ended = tree.run("rollback", &["dev", &named], &[("AWS_ENDPOINT_URL_CLOUDFORMATION", &endpoint)]);
    ended.assert(0, &format!("dev runs storefront@0.1.0+{named}."));
    assert_eq!(tree.steps(), ["sam deploy", "load"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_that_it_goes_to_the_commit_that_was_named() {
    goes_to_the_named_commit(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_is_over_before_it_is_called_off_is_gone_back_from() {
    goes_to_the_named_commit(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_under_way_keeps_another_away() {
    let tree = Tree::new();
    let (endpoint, _) = cloudformation(false).await;
    let ended = tree.run("deploy", &["dev"], &[("AWS_ENDPOINT_URL_CLOUDFORMATION", &endpoint)]);
    ended.assert(2, "storefront-dev is UPDATE_IN_PROGRESS");
    assert!(!tree.steps().contains(&"sam deploy".to_owned()));
}
