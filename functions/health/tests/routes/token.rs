use axum::Router;
use axum::body::Body;
use axum::http::Request;
use local::testing::{Answer, send};

use crate::stage::{Stage, get};

const TOKEN: &str = "correct horse: battery";
const GUARDED: [&str; 2] = ["/api/health/detailed", "/api/health/dashboard"];

async fn guarded() -> (Stage, Router) {
    let stage = Stage::new().await.with("HEALTH_TOKEN", TOKEN);
    let router = stage.router();
    (stage, router)
}

async fn get_with(router: &Router, path: &str, authorization: &str) -> Answer {
    let request = Request::get(path).header("authorization", authorization);
    send(router, request.body(Body::empty()).unwrap()).await
}

fn basic(user: &str, password: &str) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine};
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

#[tokio::test]
async fn a_missing_token_is_a_401_that_a_browser_understands() {
    let (_stage, router) = guarded().await;
    for path in GUARDED {
        let answer = get(&router, path).await;
        answer.problem(401);
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Basic realm="), "{challenge}");
        assert_eq!(answer.headers.get_all("www-authenticate").iter().count(), 1);
    }
}

#[tokio::test]
async fn a_wrong_token_is_a_401() {
    let (_stage, router) = guarded().await;
    let long = format!("Bearer {TOKEN}!");
    for wrong in [
        "Bearer wrong",
        "Bearer ",
        "Bearer",
        &long,
        "Token x",
        &basic(TOKEN, "wrong"),
        "Basic ?",
        "Basic eA==",
    ] {
        get_with(&router, GUARDED[0], wrong).await.problem(401);
    }
}

#[tokio::test]
async fn the_token_lets_in_as_a_bearer_token_and_as_a_password() {
    let (_stage, router) = guarded().await;
    for right in
        [&format!("Bearer {TOKEN}"), &format!("bearer {TOKEN}"), &basic("anyone", TOKEN), &basic("", TOKEN)]
    {
        for path in GUARDED {
            assert_eq!(get_with(&router, path, right).await.status, 200, "{right}");
        }
    }
}

#[tokio::test]
async fn a_token_in_the_query_counts_for_nothing() {
    let (_stage, router) = guarded().await;
    get(&router, "/api/health/detailed?token=correct%20horse:%20battery").await.problem(401);
}

#[tokio::test]
async fn liveness_needs_no_token() {
    let (_stage, router) = guarded().await;
    assert_eq!(get(&router, "/api/health").await.status, 200);
}

#[tokio::test]
async fn an_empty_token_is_none() {
    let stage = Stage::new().await.with("HEALTH_TOKEN", "");
    assert_eq!(get(&stage.router(), "/api/health/dashboard").await.status, 200);
}
