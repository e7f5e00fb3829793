//! How often a user may come.

use axum::Router;
use serde_json::{Value, json};

use crate::shop::{Answer, Shop, mugs, send};

const ORDER: &str = "/api/orders/0193a1b2-0000-7000-8000-000000000001";

async fn ask(shop: &Shop, process: &Router, method: &str, path: &str, key: &str, body: &Value) -> Answer {
    send(process, shop.request("ann", method, path, &[("idempotency-key", key)], body)).await
}

#[tokio::test]
async fn an_order_that_is_refused_changes_nothing() {
    let shop = Shop::open().await;
    let process = shop.process_with(&[("RATE_LIMIT_CHECKOUT", "2/3600")]);
    for key in ["one", "two"] {
        assert_eq!(ask(&shop, &process, "POST", "/api/orders", key, &mugs(1)).await.status, 201);
    }
    for key in ["one", "three"] {
        let refused = ask(&shop, &process, "POST", "/api/orders", key, &mugs(1)).await;
        refused.problem(429);
        assert!(refused.headers.contains_key("retry-after"));
    }
    assert_eq!(shop.available("mug").await, 8);
    assert_eq!(shop.get("ann", "/api/orders").await.ids().len(), 2);
    let placed = shop.order_mugs("ann", "three", 1).await;
    assert!(!placed.headers.contains_key("idempotency-replayed"), "its key was not used up");
}

#[tokio::test]
async fn orders_and_cancellations_share_a_limit_and_reads_have_their_own() {
    let shop = Shop::open().await;
    let process =
        shop.process_with(&[("RATE_LIMIT_CHECKOUT", "1/3600"), ("RATE_LIMIT_ACCOUNT_READS", "2/3600")]);
    let cancel = format!("{ORDER}/cancel");
    let order = mugs(1);
    for (method, path, body, status, policy) in [
        ("POST", "/api/orders", &order, 201, "checkout"),
        ("POST", cancel.as_str(), &Value::Null, 429, "checkout"),
        ("GET", "/api/orders", &Value::Null, 200, "account-reads"),
        ("GET", ORDER, &Value::Null, 404, "account-reads"),
        ("GET", ORDER, &Value::Null, 429, "account-reads"),
    ] {
        let answer = ask(&shop, &process, method, path, "k", body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        let told = answer.headers["ratelimit-policy"].to_str().expect("ASCII");
        assert!(told.starts_with(&format!("\"{policy}\";")), "{told}");
    }
    assert_eq!(
        shop.order("bob", "k", &json!({"from_cart": true})).await.status,
        422,
        "others are not held to it"
    );
}
