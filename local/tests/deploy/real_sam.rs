//! SAM itself, as far as it goes without AWS: to the change set that it asks CloudFormation
//! for. A stand-in for CloudFormation writes down what it is asked, knows no stack and makes none.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;

use crate::tree::Tree;

/// Each request: whom its signature is for, and its fields.
type Asked = Arc<Mutex<Vec<(String, Fields)>>>;
type Fields = Vec<(String, String)>;

async fn cloudformation() -> (String, Asked) {
    let asked = Asked::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = Router::new().fallback(refuse).with_state(Arc::clone(&asked));
    tokio::spawn(async move { axum::serve(listener, service).await });
    (endpoint, asked)
}

async fn refuse(State(asked): State<Asked>, headers: HeaderMap, body: String) -> (StatusCode, &'static str) {
    let signed = headers["authorization"].to_str().unwrap().to_owned();
    let Query(fields) = Query::try_from_uri(&format!("/?{body}").parse().unwrap()).unwrap(); // a form is written so
    asked.lock().unwrap().push((signed, fields));
    let error = "<ErrorResponse><Error><Code>ValidationError</Code>\
                 <Message>Stack with id storefront-staging does not exist</Message></Error></ErrorResponse>";
    (StatusCode::BAD_REQUEST, error)
}

fn field<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
}

fn parameter<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let (key, _) = fields.iter().find(|(key, it)| key.ends_with(".ParameterKey") && it == name)?;
    field(fields, &key.replace(".ParameterKey", ".ParameterValue"))
}

#[tokio::test(flavor = "multi_thread")]
async fn sam_asks_for_a_change_set_with_the_stages_stack_bucket_and_parameters() {
    let tree = Tree::new();
    let (endpoint, asked) = cloudformation().await;
    let sam = tree.sam();
    let token = "a-token-that-nobody-may-see";
    let variables = [
        ("REAL_SAM", sam.as_str()),
        ("AWS_ENDPOINT_URL_CLOUDFORMATION", &endpoint),
        ("AWS_DEFAULT_REGION", "us-west-2"), // the stage's counts
        ("SAM_CLI_TELEMETRY", "0"),
        ("HEALTH_TOKEN_STAGING", token),
    ];
    let ended = tree.run("deploy", &["staging"], &variables);
    ended.assert(1, "sam deploy ended with 1");
    assert!(!ended.said.contains(token), "{}", ended.said);
    let asked = asked.lock().unwrap();
    let is_change_set = |fields: &Fields| field(fields, "Action") == Some("CreateChangeSet");
    let (signed, fields) = asked.iter().find(|(_, fields)| is_change_set(fields)).expect(&ended.said);
    assert!(signed.contains("/eu-west-1/cloudformation/"), "{signed}");
    assert_eq!(field(fields, "StackName"), Some("storefront-staging"));
    assert_eq!(field(fields, "Capabilities.member.1"), Some("CAPABILITY_IAM"));
    assert!(field(fields, "TemplateURL").unwrap().contains("/releases-of-a-test/artifacts/"), "{fields:?}");
    let jwks = r#"{"keys":[{"kid":"login.staging.shop.test"}]}"#;
    let wanted = [
        ("Stage", "staging"),
        ("CorsOrigins", "https://staging.shop.test"),
        ("AuthJwks", jwks),
        ("ReserveConcurrency", "false"),
        ("RateLimitCheckout", "30/60"),
        ("CacheUrl", ""),
        ("HealthToken", token),
        ("Rollout", "gradual"),
    ];
    for (name, value) in wanted {
        assert_eq!(parameter(fields, name), Some(value), "{name}");
    }
}
