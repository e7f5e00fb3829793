//! Orders that come again under their key.

use serde_json::{Value, json};

use crate::shop::{Shop, mugs, pounds, send, user};

#[tokio::test]
async fn an_order_that_comes_again_is_answered_in_the_same_bytes_and_happens_once() {
    let shop = Shop::open().await;
    let first = shop.order_mugs("ann", "k", 2).await;
    assert!(!first.headers.contains_key("idempotency-replayed"));
    shop.set_price(&shop.store, "mug", pounds(999)).await;
    shop.post("ann", &format!("/api/orders/{}/cancel", first.id()), &[], &Value::Null).await;
    let request = shop.request("ann", "POST", "/api/orders", &[("idempotency-key", "k")], &mugs(2));
    let again = send(&shop.another_process(), request).await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(shop.available("mug").await, 10);
}

#[tokio::test]
async fn copies_at_once_are_one_order() {
    let shop = Shop::open().await;
    let body = mugs(2);
    let copies = futures::future::join_all((0..12).map(|_| shop.order("ann", "k", &body))).await;
    assert!(copies.iter().all(|copy| (copy.status, &copy.text) == (201, &copies[0].text)), "{copies:#?}");
    let first = copies.iter().filter(|copy| !copy.headers.contains_key("idempotency-replayed"));
    assert_eq!(first.count(), 1);
    assert_eq!(shop.available("mug").await, 8);
}

#[tokio::test]
async fn copies_at_once_of_the_last_pieces_are_all_the_order() {
    let shop = Shop::open().await;
    let body = mugs(10);
    let copies = futures::future::join_all((0..12).map(|_| shop.order("ann", "k", &body))).await;
    assert!(copies.iter().all(|copy| copy.status == 201), "{copies:#?}");
    assert_eq!(shop.available("mug").await, 0);
}

#[tokio::test]
async fn a_key_is_for_one_order_of_one_user() {
    let shop = Shop::open().await;
    shop.order_mugs("ann", "k", 1).await;
    shop.order("ann", "k", &mugs(2)).await.problem(422);
    let with_total = json!({"items": [{"product_id": "mug", "quantity": 1}],
        "expected_total": {"amount": 255, "currency": "GBP"}});
    shop.order("ann", "k", &with_total).await.problem(422);
    shop.order_mugs("bob", "k", 2).await;
    assert_eq!(shop.available("mug").await, 7);
}

#[tokio::test]
async fn a_replay_makes_the_cache_forget_what_a_crash_kept_from_it() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("ann", "/api/orders").await.body["items"], json!([]));
    let placed = {
        let dying = shop.dying_process();
        let key = domain::IdempotencyKey::new("k").expect("a key");
        let request = store::Request::new(&user("ann"), &key, "place order", &mugs(1));
        let basket = domain::Basket::sum([domain::BasketItem {
            product_id: crate::shop::product("mug"),
            quantity: domain::Quantity::new(1).expect("a quantity"),
        }]);
        let source = store::OrderSource::Basket(basket.expect("a basket"));
        let new = store::NewOrder { user: user("ann"), source, expected_total: None };
        dying.place_order(&new, &request, api::now(), |purchase| json!({"id": purchase.order.id})).await
    };
    placed.expect("placed, and no cache was told");
    assert_eq!(shop.get("ann", "/api/orders").await.body["items"], json!([]), "as cached");
    assert_eq!(shop.order("ann", "k", &mugs(1)).await.headers["idempotency-replayed"], "true");
    let listed = shop.get("ann", "/api/orders").await;
    assert_eq!(listed.body["items"].as_array().expect("a list").len(), 1);
}
