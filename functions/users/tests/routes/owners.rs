//! Whose profile it is: the token's subject's, and nobody else's.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::shop::{ME, Shop, named};

#[tokio::test]
async fn everyone_sees_and_changes_a_profile_of_their_own() {
    let shop = Shop::open().await;
    // Names that would meet if case did not count, or parts of keys were not encoded.
    let names = ["alice", "Alice", "alice#PROFILE", "alice%23PROFILE", "al ice", "ålice"];
    for name in names {
        shop.user(name).get().await.problem(404);
        assert_eq!(shop.user(name).create(&named(name)).await.status, 201, "{name}");
    }
    shop.user("alice").edit("\"1\"", &named("Alicia")).await;
    for name in &names[1..] {
        let shown = shop.user(name).get().await.body;
        assert_eq!(
            (&shown["id"], &shown["name"], &shown["version"]),
            (&json!(name), &json!(name), &json!(1))
        );
    }
}

#[tokio::test]
async fn one_user_never_takes_anothers_for_unchanged() {
    let shop = Shop::open().await;
    for name in ["alice", "bob"] {
        shop.user(name).create(&named(name)).await;
    }
    // A browser that alice used before asks with what it kept of hers.
    let request = shop.user("bob").request("GET").header("if-none-match", "\"1\"");
    let shown = shop.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!((shown.status, &shown.body["name"]), (200, &json!("bob")));
}

#[tokio::test]
async fn without_a_good_token_there_is_nobody() {
    let shop = Shop::open().await;
    shop.user("alice").create(&named("Alice")).await;
    let expired = shop.tokens.mint_with("alice", "", &json!({"exp": 1_000_000_000}));
    for authorization in [None, Some(format!("Bearer {expired}")), Some("Basic YTph".to_owned())] {
        for method in ["GET", "PUT"] {
            let mut request = Request::builder().method(method).uri(ME).header("if-match", "\"1\"");
            request = request.header("content-type", "application/json");
            if let Some(authorization) = &authorization {
                request = request.header("authorization", authorization);
            }
            let request = request.body(Body::from(named("Eve").to_string())).expect("a request");
            shop.send(request).await.problem(401);
        }
    }
    assert_eq!(shop.user("alice").get().await.body["name"], "Alice");
}
