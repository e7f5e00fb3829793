//! What an event says, and what it does not.

use serde_json::json;

use crate::function::{Function, RELEASE, STAGE};
use crate::handlers::PANIC_LINE;
use crate::platform::{TRACE, XRAY};
use crate::server::{Delivery, Sentry, TAKE};

fn says_whose_it_is(delivery: &Delivery) {
    let event = delivery.event();
    assert_eq!(event["release"], RELEASE);
    assert_eq!(event["environment"], STAGE);
    assert_eq!(event["tags"]["function"], "shop-test");
    assert_eq!(event["tags"]["request_id"], "request-1");
    assert_eq!(event["tags"]["xray_trace_id"], XRAY);
    assert_eq!(event["contexts"]["trace"]["trace_id"], TRACE);
    assert_eq!(event.get("server_name"), None);
    assert_eq!(event.get("user"), None);
    delivery.has_no_secret();
}

#[tokio::test]
async fn an_error_arrives_after_the_response() {
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own("http", &sentry, &[]).await;
    let answer = function.get("/fail").await;
    assert_eq!(answer.status(), 503);
    let delivery = sentry.first().await;
    assert!(delivery.at > answer.at);
    says_whose_it_is(&delivery);
    assert_eq!(delivery.event()["tags"]["route"], "/fail");
    assert_eq!(delivery.event()["transaction"], "GET /fail");
    assert!(delivery.cause().starts_with("read mug failed: no"), "{}", delivery.cause());
}

#[tokio::test]
async fn it_goes_where_the_dsn_says() {
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own("http", &sentry, &[]).await;
    function.get("/fail").await;
    let delivery = sentry.first().await;
    assert_eq!(delivery.path, "/api/42/envelope/");
    assert_eq!(delivery.headers["content-type"], "application/x-sentry-envelope");
    assert!(delivery.headers["x-sentry-auth"].to_str().unwrap().contains("sentry_key=key"));
}

#[tokio::test]
async fn a_panic_arrives_once_and_with_its_stack() {
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own("http", &sentry, &[]).await;
    let answer = function.get("/panic").await;
    assert_eq!(answer.status(), 500);
    function.get("/fail").await;
    let deliveries = sentry.at_least(2).await;
    assert!(deliveries[0].at > answer.at);
    says_whose_it_is(&deliveries[0]);
    let exception = &deliveries[0].event()["exception"]["values"][0];
    assert_eq!((&exception["type"], &exception["mechanism"]["handled"]), (&json!("panic"), &json!(false)));
    assert!(exception["stacktrace"]["frames"].as_array().unwrap().len() > 3);
    assert!(deliveries[1].cause().starts_with("read mug failed"), "the next event is of the next request");
}

#[tokio::test]
async fn a_panic_in_a_task_apart_is_the_requests() {
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own("http", &sentry, &[]).await;
    function.get("/panic/apart").await;
    let delivery = sentry.first().await;
    says_whose_it_is(&delivery);
    assert_eq!(delivery.event()["transaction"], "GET /panic/apart");
    assert_eq!(delivery.event()["contexts"]["Rust Tracing Location"]["line"], PANIC_LINE);
}

#[tokio::test]
async fn an_invocation_that_fails_is_an_event() {
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own("events", &sentry, &[]).await;
    let answer = function.invoke(json!({"records": ["planted"]})).await;
    let delivery = sentry.first().await;
    assert!(delivery.at > answer.at);
    says_whose_it_is(&delivery);
    assert!(delivery.cause().starts_with("2 of 3 records failed"), "{}", delivery.cause());
}

#[tokio::test]
async fn requests_side_by_side_do_not_mix() {
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own("http", &sentry, &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).await;
    let ends = tokio::join!(function.get("/together/one"), function.get("/together/other"));
    assert_eq!((ends.0.status(), ends.1.status()), (503, 503));
    let deliveries = sentry.at_least(2).await;
    let words = deliveries.iter().map(|delivery| {
        let crumbs = delivery.event()["breadcrumbs"]["values"].as_array().unwrap();
        assert_eq!(crumbs.iter().filter(|crumb| crumb["message"] == "a word").count(), 1);
        crumbs[0]["data"]["reason"].as_str().unwrap().to_owned()
    });
    let mut words: Vec<_> = words.collect();
    words.sort();
    assert_eq!(words, ["one", "other"]);
}
