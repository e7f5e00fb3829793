//! Health in process, with real things to probe, and real faults.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use local::testing::{Database, Redis, Tokens, environment};
use monitoring::Monitoring;
use serde_json::{Value, json};
use tower::ServiceExt;

fn router(environment: &BTreeMap<String, String>) -> Router {
    let variable = |name: &str| environment.get(name).cloned();
    health::router(&variable, &Monitoring::default()).expect("the environment is complete")
}

async fn get(router: &Router, path: &str) -> (u16, Value) {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&body).expect("JSON"))
}

fn verdicts(body: &Value) -> [&Value; 3] {
    [&body["status"], &body["services"]["database"]["status"], &body["services"]["cache"]["status"]]
}

#[tokio::test]
async fn liveness_touches_nothing() {
    let (database, redis) = (Database::memory().await, Redis::start().await);
    let environment = environment(&database, Some(&redis), &Tokens::new());
    drop((database, redis));
    let (status, body) = get(&router(&environment), "/api/health").await;
    assert_eq!((status, &body["status"]), (200, &json!("healthy")));
    assert!(body["timestamp"].is_string() && body["uptime"].is_number());
}

#[tokio::test]
async fn all_is_well_when_table_and_cache_answer() {
    let (database, redis) = (Database::memory().await, Redis::start().await);
    let router = router(&environment(&database, Some(&redis), &Tokens::new()));
    // The first probe may meet a cache that is still being connected to.
    let mut answer = get(&router, "/api/health/detailed").await;
    for _ in 0..50 {
        if answer.1["status"] == "healthy" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        answer = get(&router, "/api/health/detailed").await;
    }
    assert_eq!(answer.0, 200);
    assert_eq!(verdicts(&answer.1), ["healthy"; 3]);
    assert!(answer.1["services"]["database"]["latency_ms"].is_number());
}

#[tokio::test]
async fn a_dead_or_hung_cache_is_degraded() {
    let (database, mut redis) = (Database::memory().await, Redis::start().await);
    let router = router(&environment(&database, Some(&redis), &Tokens::new()));
    redis.freeze();
    let (status, body) = get(&router, "/api/health/detailed").await;
    assert_eq!((status, verdicts(&body)), (200, [&json!("degraded"), &json!("healthy"), &json!("degraded")]));
    redis.thaw();
    redis.kill().await;
    let (status, body) = get(&router, "/api/health/detailed").await;
    assert_eq!((status, verdicts(&body)), (200, [&json!("degraded"), &json!("healthy"), &json!("degraded")]));
    redis.restart().await;
}

#[tokio::test]
async fn a_dead_table_is_unhealthy() {
    let database = Database::memory().await;
    let mut environment = environment(&database, None, &Tokens::new());
    let nowhere = "http://127.0.0.1:1".to_owned(); // tcpmux: nobody listens there
    environment.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), nowhere);
    let router = router(&environment);
    let (status, body) = get(&router, "/api/health/detailed").await;
    assert_eq!(
        (status, verdicts(&body)),
        (503, [&json!("unhealthy"), &json!("unhealthy"), &json!("healthy")])
    );
}

#[tokio::test]
async fn every_unknown_path_is_a_problem() {
    let database = Database::memory().await;
    let router = router(&environment(&database, None, &Tokens::new()));
    for path in ["/", "/api", "/api/", "/api/nothing", "/favicon.ico"] {
        let (status, body) = get(&router, path).await;
        assert_eq!((status, &body["instance"]), (404, &json!(path)));
    }
}
