//! How often a caller may come.

use axum::Router;
use axum::body::Body;
use axum::http::Request;

use crate::shop::{Answer, Shop, send};

const SETTINGS: [(&str, &str); 3] = [
    ("RATE_LIMIT_CATALOGUE_READS", "2/3600"),
    ("RATE_LIMIT_CATALOGUE_WRITES", "2/3600"),
    ("RATE_LIMIT_SEARCH", "2/3600"),
];

/// Without a token.
async fn ask(process: &Router, method: &str, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).body(Body::empty());
    send(process, request.expect("a request")).await
}

/// The policy that an answer names.
fn policy(answer: &Answer) -> &str {
    let told = answer.headers["ratelimit-policy"].to_str().expect("ASCII");
    told.split('"').nth(1).expect("a name in quotes")
}

#[tokio::test]
async fn every_route_has_its_limit() {
    let shop = Shop::open().await;
    for (method, path, expected) in [
        ("GET", "/api/products", "catalogue-reads"),
        ("POST", "/api/products", "catalogue-writes"),
        ("GET", "/api/products/search?q=mug", "search"),
        ("GET", "/api/products/mug", "catalogue-reads"),
        ("PUT", "/api/products/mug", "catalogue-writes"),
        ("PATCH", "/api/products/mug", "catalogue-writes"),
        ("DELETE", "/api/products/mug", "catalogue-writes"),
        ("GET", "/api/products/mug/inventory", "catalogue-reads"),
        ("POST", "/api/products/mug/inventory/adjustments", "catalogue-writes"),
        ("GET", "/api/products/mug/pricing", "catalogue-reads"),
        ("PUT", "/api/products/mug/pricing", "catalogue-writes"),
    ] {
        let answer = ask(&shop.another_process(), method, path).await;
        assert_eq!(policy(&answer), expected, "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn reads_are_limited_without_a_network() {
    let shop = Shop::open().await;
    shop.stock("mug", "A Mug", "kitchen").await;
    let process = shop.process_with(&SETTINGS);
    assert_eq!(ask(&process, "GET", "/api/products/mug").await.status, 200);
    shop.redis.kill().await;
    let again = ask(&process, "GET", "/api/products/mug").await;
    assert_eq!(again.status, 200);
    ask(&process, "GET", "/api/products/mug").await.problem(429);
    assert_eq!(ask(&shop.process_with(&SETTINGS), "GET", "/api/products/mug").await.status, 200);
}

#[tokio::test]
async fn searches_are_counted_for_all_processes_together() {
    let shop = Shop::open().await;
    let search = "/api/products/search?q=mug";
    for status in [200, 200, 429] {
        let answer = ask(&shop.process_with(&SETTINGS), "GET", search).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}
