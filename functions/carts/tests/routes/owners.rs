//! Whose cart it is: the token's subject's, and nobody else's.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::shop::{CART, Shop, item, lines};

#[tokio::test]
async fn everyone_has_a_cart_of_their_own() {
    let shop = Shop::open().await;
    shop.stock_many(6).await;
    // Names that would meet if case did not count, or parts of keys were not encoded.
    let names = ["alice", "Alice", "alice#CART", "alice%23CART", "al ice", "ålice"];
    for (n, name) in names.into_iter().enumerate() {
        let user = shop.user(name);
        assert_eq!(user.cart().await["version"], 0, "{name}");
        assert_eq!(user.set(&format!("p{n}"), 1).await.status, 200);
    }
    shop.user("alice").empty().await;
    shop.user("alice").remove("p1").await;
    for (n, name) in names.into_iter().enumerate().skip(1) {
        assert_eq!(lines(&shop.user(name).cart().await), [(&*format!("p{n}"), 1)], "{name}");
    }
}

#[tokio::test]
async fn without_a_good_token_there_is_nobody() {
    let shop = Shop::open().await;
    shop.stock_many(1).await;
    shop.user("alice").set("p0", 2).await;
    let expired = shop.tokens.mint_with("alice", "", &json!({"exp": 1_000_000_000}));
    for authorization in [None, Some(format!("Bearer {expired}"))] {
        let path = item("p0");
        for (method, path) in [("GET", CART), ("DELETE", CART), ("PUT", &path), ("DELETE", &path)] {
            let mut request = Request::builder().method(method).uri(path);
            request = request.header("content-type", "application/json");
            if let Some(authorization) = &authorization {
                request = request.header("authorization", authorization);
            }
            let body = Body::from(json!({"quantity": 9}).to_string());
            shop.send(request.body(body).expect("a request")).await.problem(401);
        }
    }
    assert_eq!(lines(&shop.user("alice").cart().await), [("p0", 2)]);
}
