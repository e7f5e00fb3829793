//! An update that is under way is called off. moto's are over at once, so a stand-in for
//! CloudFormation speaks its protocol (AWS Query) here.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use tokio::net::TcpListener;

use crate::tree::Tree;

type Actions = Arc<Mutex<Vec<String>>>;

/// Where it is, and each action that it was asked for.
async fn cloudformation() -> (String, Actions) {
    let actions = Actions::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = Router::new().fallback(answer).with_state(Arc::clone(&actions));
    tokio::spawn(async move { axum::serve(listener, service).await });
    (endpoint, actions)
}

async fn answer(State(actions): State<Actions>, body: String) -> String {
    let action = body.split('&').find_map(|field| field.strip_prefix("Action=")).unwrap().to_owned();
    let mut actions = actions.lock().unwrap();
    let is_called_off = actions.iter().any(|it| it == "CancelUpdateStack");
    actions.push(action.clone());
    let result = if action == "DescribeStacks" { described(is_called_off) } else { String::new() };
    format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
}

fn described(is_called_off: bool) -> String {
    let (status, commit) =
        if is_called_off { ("UPDATE_ROLLBACK_COMPLETE", "a") } else { ("UPDATE_IN_PROGRESS", "b") };
    let release = format!("storefront@0.1.0+{}.20261126T010203Z", commit.repeat(40));
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
    let (endpoint, actions) = cloudformation().await;
    let ended = tree.run("rollback", &["dev"], &[("AWS_ENDPOINT_URL_CLOUDFORMATION", &endpoint)]);
    ended.assert(0, &format!("dev runs storefront@0.1.0+{}", "a".repeat(40)));
    assert!(actions.lock().unwrap().contains(&"CancelUpdateStack".to_owned()));
    assert_eq!(tree.steps(), ["load"]);
}
