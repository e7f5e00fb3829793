//! Bad input gets a clear problem with the right status and changes nothing.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::shop::{Answer, Shop, pounds};

fn good() -> Value {
    json!({"id": "mug", "name": "Mug", "category": "c", "price": pounds(1)})
}

/// A good product save for one field.
fn but(field: &str, value: Value) -> Value {
    let mut product = good();
    product[field] = value;
    product
}

async fn post(shop: &Shop, body: impl Into<Body>, content_type: &str) -> Answer {
    let request = Request::post("/api/products").header("content-type", content_type);
    let request = request.header("authorization", format!("Bearer {}", shop.editor()));
    shop.send(request.body(body.into()).expect("a request")).await
}

#[tokio::test]
async fn a_field_that_breaks_a_rule_is_named() {
    let shop = Shop::open().await;
    for (pointer, product) in [
        ("/surprise", but("surprise", json!(1))),
        ("/inventory", but("inventory", json!({"available": 5}))),
        ("/name", but("name", json!(7))),
        ("/name", but("name", json!(""))),
        ("/name", but("name", json!("x".repeat(201)))),
        ("/name", but("name", json!("a\u{0}b"))),
        ("/name", but("name", Value::Null)),
        ("/category", but("category", json!("  "))),
        ("/category", but("category", json!("x".repeat(65)))),
        ("/id", but("id", json!("a/b"))),
        ("/id", but("id", json!("search"))),
        ("/name", but("name", json!("a\u{2028}b"))),
        ("/id", but("id", json!("x".repeat(65)))),
        ("/description", but("description", json!("x".repeat(5_001)))),
        ("/tags", but("tags", json!("blue"))),
        ("/tags/1", but("tags", json!(["blue", ""]))),
        ("/tags", but("tags", json!((0..21).map(|n| n.to_string()).collect::<Vec<_>>()))),
        ("/price", but("price", json!(5))),
        ("/price", but("price", json!([5, "GBP"]))),
        ("/price/amount", but("price", pounds(-1))),
        ("/price/amount", but("price", pounds(0))),
        ("/price/amount", but("price", pounds(i64::MAX))),
        ("/price/amount", but("price", json!({"amount": 1.5, "currency": "GBP"}))),
        ("/price/amount", but("price", json!({"amount": "1", "currency": "GBP"}))),
        ("/price/currency", but("price", json!({"amount": 1, "currency": "pounds"}))),
        ("/price/currency", but("price", json!({"amount": 1}))),
        ("/price/cents", but("price", json!({"amount": 1, "currency": "GBP", "cents": 2}))),
    ] {
        let answer = shop.write("POST", "/api/products", &[], &product).await;
        assert_eq!(answer.problem(422), [pointer], "{product}");
    }
    assert!(shop.walk("/api/products", 100).await.is_empty());
}

#[tokio::test]
async fn all_broken_rules_are_named_at_once() {
    let shop = Shop::open().await;
    let answer = shop.write("POST", "/api/products", &[], &json!({"price": {"amount": -1}})).await;
    assert_eq!(answer.problem(422), ["/name", "/category", "/price/currency", "/price/amount"]);
}

#[tokio::test]
async fn a_body_that_is_no_json_is_400() {
    let shop = Shop::open().await;
    for body in ["", "{", "[1,", "{\"name\":\"x\"} trailing", "nonsense"] {
        post(&shop, body, "application/json").await.problem(400);
    }
    post(&shop, &b"{\"name\":\"\xff\xfe\"}"[..], "application/json").await.problem(400);
    for body in ["[]", "[\"mug\",\"Mug\",null,\"c\"]", "null", "\"x\"", "1"] {
        post(&shop, body, "application/json").await.problem(422);
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_415_and_a_long_one_413() {
    let shop = Shop::open().await;
    post(&shop, good().to_string(), "text/plain").await.problem(415);
    let long = but("description", json!("x".repeat(2 << 20)));
    post(&shop, long.to_string(), "application/json").await.problem(413);
    shop.get("/api/products/mug").await.problem(404);
}

#[tokio::test]
async fn a_bad_page_request_is_400() {
    let shop = Shop::open().await;
    for list in ["/api/products?", "/api/products?category=c&", "/api/products/search?q=mug&"] {
        for bad in [
            "limit=0",
            "limit=101",
            "limit=x",
            "limit=-1",
            "limit=",
            "cursor=",
            "cursor=nonsense",
            "limit=1&limit=2",
        ] {
            shop.get(&format!("{list}{bad}")).await.problem(400);
        }
    }
}

#[tokio::test]
async fn a_query_that_breaks_a_rule_is_422() {
    let shop = Shop::open().await;
    for path in ["/api/products/search", "/api/products/search?q=", "/api/products/search?q=%21%3F"] {
        assert_eq!(shop.get(path).await.problem(422), ["/q"]);
    }
    let long = "x".repeat(201);
    shop.get(&format!("/api/products/search?q={long}")).await.problem(422);
    assert_eq!(shop.get("/api/products?category=").await.problem(422), ["/category"]);
}

#[tokio::test]
async fn what_does_not_exist_is_404() {
    let shop = Shop::open().await;
    for path in [
        "/api/products/none",
        "/api/products/none/inventory",
        "/api/products/none/pricing",
        "/api/products/a%20b",
        "/api/products/%ff",
        "/api/products/none/other",
        "/api/products/",
    ] {
        shop.get(path).await.problem(404);
    }
    for (method, path) in
        [("PUT", "/api/products/none"), ("PATCH", "/api/products/none"), ("DELETE", "/api/products/none")]
    {
        let body = if method == "DELETE" {
            Value::Null
        } else {
            json!({"name": "n", "category": "c", "price": pounds(1)})
        };
        shop.write(method, path, &[("if-match", "\"1\"")], &body).await.problem(404);
    }
    shop.adjust("none", 1, "k").await.problem(404);
}

#[tokio::test]
async fn a_wrong_method_is_405_and_says_which_are_right() {
    let shop = Shop::open().await;
    for (method, path, allow) in [
        ("DELETE", "/api/products", "GET,HEAD,POST"),
        ("POST", "/api/products/search", "GET,HEAD"),
        ("POST", "/api/products/x", "DELETE,GET,HEAD,PATCH,PUT"),
        ("PUT", "/api/products/x/inventory", "GET,HEAD"),
        ("GET", "/api/products/x/inventory/adjustments", "POST"),
    ] {
        let answer = shop.write(method, path, &[], &Value::Null).await;
        answer.problem(405);
        let mut allowed: Vec<&str> = answer.headers["allow"].to_str().expect("ASCII").split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow);
    }
}

#[tokio::test]
async fn bad_adjustments_move_nothing() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let path = "/api/products/mug/inventory/adjustments";
    let key = [("idempotency-key", "k")];
    for (pointer, body) in [
        ("/delta", json!({"delta": 0, "reason": "r"})),
        ("/delta", json!({"delta": 1_000_001, "reason": "r"})),
        ("/delta", json!({"delta": -1_000_001, "reason": "r"})),
        ("/delta", json!({"delta": 1.5, "reason": "r"})),
        ("/delta", json!({"reason": "r"})),
        ("/reason", json!({"delta": 1, "reason": ""})),
        ("/reason", json!({"delta": 1})),
        ("/available", json!({"delta": 1, "reason": "r", "available": 9})),
    ] {
        assert_eq!(shop.write("POST", path, &key, &body).await.problem(422), [pointer]);
    }
    let good = json!({"delta": 1, "reason": "r"});
    shop.write("POST", path, &[], &good).await.problem(400);
    shop.write("POST", path, &[("idempotency-key", "")], &good).await.problem(400);
    shop.write("POST", path, &[("idempotency-key", &"k".repeat(256))], &good).await.problem(400);
    assert_eq!(shop.get("/api/products/mug/inventory").await.body["version"], 1);
}

#[tokio::test]
async fn a_patch_is_held_to_the_rules_of_a_product() {
    let shop = Shop::open().await;
    let first = shop.stock("mug", "Mug", "c").await;
    for (pointer, patch) in [
        ("/name", json!({"name": null})),
        ("/name", json!({"name": 3})),
        ("/price", json!({"price": null})),
        ("/price/amount", json!({"price": {"amount": -5}})),
        ("/id", json!({"id": "other"})),
        ("/version", json!({"version": 9})),
        ("/colour", json!({"colour": null})),
        ("/price/foo", json!({"price": {"foo": null}})),
    ] {
        let answer = shop.write("PATCH", "/api/products/mug", &[("if-match", "\"1\"")], &patch).await;
        assert_eq!(answer.problem(422), [pointer], "{patch}");
    }
    shop.write("PATCH", "/api/products/mug", &[("if-match", "\"1\"")], &json!([1])).await.problem(422);
    for bad in ["1", "W/\"1\"", "*"] {
        shop.write("PATCH", "/api/products/mug", &[("if-match", bad)], &json!({"name": "n"}))
            .await
            .problem(400);
    }
    assert_eq!(shop.get("/api/products/mug").await.body, first.body);
}
