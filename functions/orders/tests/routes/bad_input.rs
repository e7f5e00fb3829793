//! What is refused, how, and that it changes nothing.

use serde_json::{Value, json};

use crate::shop::{Shop, mugs, send};

#[tokio::test]
async fn bodies_that_break_rules_are_told_which() {
    let shop = Shop::open().await;
    let item = |id: &str, quantity: Value| json!({"items": [{"product_id": id, "quantity": quantity}]});
    for (body, pointer) in [
        (json!({}), "/items"),
        (json!({"from_cart": false}), "/items"),
        (json!({"items": []}), "/items"),
        (json!({"items": null}), "/items"),
        (json!({"items": {}}), "/items"),
        (json!({"items": [{}]}), "/items/0/product_id"),
        (json!({"items": [1]}), "/items/0"),
        (json!({"items": [["mug", 1]]}), "/items/0"),
        (item("mug", json!(0)), "/items/0/quantity"),
        (item("mug", json!(-1)), "/items/0/quantity"),
        (item("mug", json!(10_001)), "/items/0/quantity"),
        (item("mug", json!(1.5)), "/items/0/quantity"),
        (item("mug", json!("1")), "/items/0/quantity"),
        (item("mug", json!(u64::MAX)), "/items/0/quantity"),
        (item("mug", json!(null)), "/items/0/quantity"),
        (item("no/id", json!(1)), "/items/0/product_id"),
        (json!({"items": [{"product_id": "mug", "quantity": 1, "price": 1}]}), "/items/0/price"),
        (json!({"from_cart": true, "items": []}), "/from_cart"),
        (json!({"from_cart": "yes"}), "/from_cart"),
        (json!({"from_cart": true}), "/from_cart"),
        (json!({"from_cart": true, "coupon": "x"}), "/coupon"),
        (json!({"from_cart": true, "expected_total": 5}), "/expected_total"),
        (
            json!({"from_cart": true, "expected_total": {"amount": -1, "currency": "GBP"}}),
            "/expected_total/amount",
        ),
        (json!({"from_cart": true, "expected_total": {"amount": 1}}), "/expected_total/currency"),
    ] {
        let answer = shop.order("ann", "k", &body).await;
        let errors = answer.problem_in_words(422);
        assert!(errors.iter().any(|error| error.starts_with(&format!("{pointer}: "))), "{body}: {errors:?}");
    }
    for body in ["", "{", "[]x", "nonsense"] {
        let mut request =
            shop.request("ann", "POST", "/api/orders", &[("idempotency-key", "k")], &Value::Null);
        *request.body_mut() = body.into();
        send(&shop.another_process(), request).await.problem(400);
    }
    assert_eq!(shop.get("ann", "/api/orders").await.body["items"], json!([]));
    assert_eq!(shop.available("mug").await, 10);
}

#[tokio::test]
async fn every_broken_rule_is_told_at_once() {
    let shop = Shop::open().await;
    let body = json!({
        "items": [{"product_id": "", "quantity": 0}, {"quantity": 1}],
        "expected_total": {"amount": -5, "currency": "pounds"},
    });
    let errors = shop.order("ann", "k", &body).await.problem_in_words(422);
    let pointers: Vec<&str> = errors.iter().filter_map(|error| error.split(": ").next()).collect();
    assert_eq!(
        pointers,
        [
            "/expected_total/currency",
            "/expected_total/amount",
            "/items/0/product_id",
            "/items/0/quantity",
            "/items/1/product_id",
        ]
    );
}

#[tokio::test]
async fn too_many_products_or_pieces_are_told_the_limit() {
    let shop = Shop::open().await;
    let items: Vec<Value> = (0..91).map(|n| json!({"product_id": n.to_string(), "quantity": 1})).collect();
    let errors = shop.order("ann", "k", &json!({"items": items})).await.problem_in_words(422);
    assert_eq!(errors, ["/items/90: is one product too many: an order takes at most 90"]);
    let line = json!({"product_id": "mug", "quantity": 1});
    let errors = shop.order("ann", "k", &json!({"items": vec![line; 1_001]})).await.problem_in_words(422);
    assert_eq!(errors, ["/items: must have 1 to 1000 items"]);
    let broken = shop.order("ann", "k", &json!({"items": vec![json!({}); 1_000]})).await;
    assert_eq!(broken.problem(422).len(), 100, "and not one for each of 2,000");
    let many = json!({"product_id": "mug", "quantity": 6_000});
    let errors = shop.order("ann", "k", &json!({"items": [many, many]})).await.problem_in_words(422);
    assert_eq!(errors, ["/items/1: adds up to more than 10000 pieces"]);
}

#[tokio::test]
async fn products_that_are_not_sold_are_named() {
    let shop = Shop::open().await;
    shop.archive(&shop.store, "cup").await;
    let items = ["mug", "cup", "nothing"].map(|id| json!({"product_id": id, "quantity": 1}));
    let errors = shop.order("ann", "k", &json!({"items": items})).await.problem_in_words(422);
    assert_eq!(
        errors,
        ["/items/1/product_id: there is no product cup", "/items/2/product_id: there is no product nothing",]
    );
    assert_eq!(shop.available("mug").await, 10);
}

#[tokio::test]
async fn too_little_stock_is_told_with_what_is_left() {
    let shop = Shop::open().await;
    let items = [("mug", 11), ("cup", 6)].map(|(id, n)| json!({"product_id": id, "quantity": n}));
    let errors = shop.order("ann", "k", &json!({"items": items})).await.problem_in_words(409);
    assert_eq!(
        errors,
        [
            "/items/0/quantity: 10 of mug are left, 11 were ordered",
            "/items/1/quantity: 5 of cup are left, 6 were ordered",
        ]
    );
    let items = [("mug", 1), ("cup", 6)].map(|(id, n)| json!({"product_id": id, "quantity": n}));
    shop.order("ann", "k", &json!({"items": items})).await.problem(409);
    assert_eq!((shop.available("mug").await, shop.available("cup").await), (10, 5), "all or nothing");
    shop.order_mugs("ann", "k", 10).await;
}

#[tokio::test]
async fn prices_in_several_currencies_have_no_total() {
    let shop = Shop::open().await;
    let euro = domain::Currency::new("EUR").expect("a currency");
    shop.stock("tasse", domain::Money::price(300, euro).expect("a price"), 5).await;
    let items = ["mug", "tasse"].map(|id| json!({"product_id": id, "quantity": 1}));
    let errors = shop.order("ann", "k", &json!({"items": items})).await.problem_in_words(422);
    assert_eq!(errors, ["/items: must have their prices in one currency"]);
}

#[tokio::test]
async fn a_key_is_needed_and_bounded() {
    let shop = Shop::open().await;
    shop.post("ann", "/api/orders", &[], &mugs(1)).await.problem(400);
    for key in ["", " ", &"k".repeat(256)] {
        shop.order("ann", key, &mugs(1)).await.problem(400);
    }
    assert_eq!(shop.order("ann", &"k".repeat(255), &mugs(1)).await.status, 201);
}

#[tokio::test]
async fn a_caller_without_a_token_sees_and_does_nothing() {
    let shop = Shop::open().await;
    let id = shop.order_mugs("ann", "k", 1).await.id().to_owned();
    for (method, path) in [
        ("GET", "/api/orders".to_owned()),
        ("POST", "/api/orders".to_owned()),
        ("GET", format!("/api/orders/{id}")),
        ("POST", format!("/api/orders/{id}/cancel")),
    ] {
        let mut request = shop.request("ann", method, &path, &[], &mugs(1));
        request.headers_mut().remove("authorization");
        send(&shop.another_process(), request).await.problem(401);
    }
}

#[tokio::test]
async fn wrong_methods_say_which_are_right() {
    let shop = Shop::open().await;
    for (method, path, allow) in [
        ("DELETE", "/api/orders", "GET,HEAD,POST"),
        ("PUT", "/api/orders/x", "GET,HEAD"),
        ("GET", "/api/orders/x/cancel", "POST"),
    ] {
        let request = shop.request("ann", method, path, &[], &Value::Null);
        let answer = send(&shop.another_process(), request).await;
        answer.problem(405);
        assert_eq!(answer.headers["allow"], allow, "{method} {path}");
    }
    shop.get("ann", "/api/orders/not-a-uuid").await.problem(404);
}
