//! Who may write: tokens good and bad.

use axum::body::Body;
use axum::http::Request;
use local::testing::Tokens;
use serde_json::{Value, json};

use crate::shop::{Answer, Shop, pounds};

async fn create(shop: &Shop, authorization: Option<&str>) -> Answer {
    let new = json!({"id": "mug", "name": "Mug", "category": "c", "price": pounds(1)});
    let mut request = Request::post("/api/products").header("content-type", "application/json");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    shop.send(request.body(Body::from(new.to_string())).expect("a request")).await
}

/// A token with the signature taken off, that says it needs none.
fn unsigned(token: &str) -> String {
    let claims = token.split('.').nth(1).expect("claims");
    // {"alg":"none","typ":"JWT"}
    format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
}

#[tokio::test]
async fn a_good_token_with_the_scope_writes() {
    let shop = Shop::open().await;
    for scopes in ["catalog:write", "other catalog:write"] {
        let token = shop.tokens.mint("ed", scopes);
        assert!(matches!(create(&shop, Some(&format!("bearer {token}"))).await.status, 201 | 409));
    }
}

#[tokio::test]
async fn a_token_without_the_scope_is_403() {
    let shop = Shop::open().await;
    for scopes in ["", "catalog:read", "catalog:write:not", "xcatalog:write"] {
        let token = shop.tokens.mint("ed", scopes);
        create(&shop, Some(&format!("Bearer {token}"))).await.problem(403);
    }
    shop.get("/api/products/mug").await.problem(404);
}

#[tokio::test]
async fn a_bad_token_is_401_and_writes_nothing() {
    let shop = Shop::open().await;
    let with = |changes: Value| shop.tokens.mint_with("ed", "catalog:write", &changes);
    let good = shop.editor();
    let mut tampered = good.clone();
    tampered.replace_range(good.len() - 4.., "AAAA");
    let bad = [
        ("expired", with(json!({"exp": 1_000_000_000}))),
        ("without an expiry", with(json!({"exp": null}))),
        ("not yet valid", with(json!({"nbf": 9_000_000_000_u64}))),
        ("for another audience", with(json!({"aud": "someone else"}))),
        ("for no audience", with(json!({"aud": null}))),
        ("by another issuer", with(json!({"iss": "https://elsewhere.example"}))),
        ("by no issuer", with(json!({"iss": null}))),
        ("without a subject", with(json!({"sub": null}))),
        ("with an empty subject", with(json!({"sub": ""}))),
        ("an id token", with(json!({"token_use": "id"}))),
        ("by another key", Tokens::new().mint("ed", "catalog:write")),
        ("tampered with", tampered),
        ("alg none", unsigned(&good)),
        ("no token", "x.y.z".to_owned()),
        ("empty", String::new()),
    ];
    for (what, token) in &bad {
        let answer = create(&shop, Some(&format!("Bearer {token}"))).await;
        assert_eq!(answer.status, 401, "{what}");
        answer.problem(401);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
        assert!(token.is_empty() || !answer.text.contains(token), "an error repeats a token: {what}");
    }
    create(&shop, None).await.problem(401);
    create(&shop, Some("Basic ZWQ6ZWQ=")).await.problem(401);
    shop.get("/api/products/mug").await.problem(404);
}

#[tokio::test]
async fn cognito_names_the_client_instead_of_an_audience() {
    let shop = Shop::open().await;
    let changes = json!({"aud": null, "client_id": shop.tokens.audience(), "token_use": "access"});
    let token = shop.tokens.mint_with("ed", "catalog:write", &changes);
    assert_eq!(create(&shop, Some(&format!("Bearer {token}"))).await.status, 201);
}

#[tokio::test]
async fn every_write_asks_for_the_scope_before_anything_else() {
    let shop = Shop::open().await;
    let reader = shop.tokens.mint("ed", "");
    for (method, path) in [
        ("POST", "/api/products"),
        ("PUT", "/api/products/x"),
        ("PATCH", "/api/products/x"),
        ("DELETE", "/api/products/x"),
        ("PUT", "/api/products/x/pricing"),
        ("POST", "/api/products/x/inventory/adjustments"),
    ] {
        let request = || Request::builder().method(method).uri(path);
        shop.send(request().body(Body::empty()).expect("a request")).await.problem(401);
        let forbidden = request().header("authorization", format!("Bearer {reader}"));
        shop.send(forbidden.body(Body::empty()).expect("a request")).await.problem(403);
    }
}
