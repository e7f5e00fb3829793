//! `/api/cart`: filled, shown, emptied.

use serde_json::{Value, json};

use crate::shop::{CART, Shop, lines, pounds};

#[tokio::test]
async fn a_cart_that_was_never_used_is_empty() {
    let shop = Shop::open().await;
    let answer = shop.user("alice").send("GET", CART, &[], &Value::Null).await;
    let empty = json!({"items": [], "total": pounds(0), "unavailable": [], "version": 0});
    assert_eq!((answer.status, &answer.body), (200, &empty));
    assert_eq!(answer.headers["cache-control"], "private, no-cache");
}

#[tokio::test]
async fn what_is_put_in_is_shown_with_its_price() {
    let shop = Shop::open().await;
    shop.stock("mug", 250).await;
    shop.stock("cup", 199).await;
    let alice = shop.user("alice");
    let first = alice.set("mug", 3).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let answer = alice.set("cup", 1).await.body;
    let cart = json!({
        "items": [
            {"product_id": "mug", "name": "The mug", "quantity": 3, "unit_price": pounds(250), "line_total": pounds(750)},
            {"product_id": "cup", "name": "The cup", "quantity": 1, "unit_price": pounds(199), "line_total": pounds(199)},
        ],
        "total": pounds(949),
        "unavailable": [],
        "version": 2,
    });
    assert_eq!(answer, cart);
    assert_eq!(alice.cart().await, cart);
}

/// Not every JSON library tells 2 from 2.0.
#[tokio::test]
async fn a_whole_quantity_may_be_written_as_a_float() {
    let shop = Shop::open().await;
    shop.stock("mug", 250).await;
    let answer = shop.user("alice").set_to("mug", &json!({"quantity": 2.0}), &[]).await;
    assert_eq!(answer.body["items"][0]["quantity"], 2, "{}", answer.text);
}

#[tokio::test]
async fn a_quantity_is_set_and_not_added() {
    let shop = Shop::open().await;
    shop.stock_many(2).await;
    let alice = shop.user("alice");
    alice.set("p0", 3).await;
    alice.set("p1", 10_000).await;
    let cart = alice.set("p0", 1).await.body;
    assert_eq!(lines(&cart), [("p0", 1), ("p1", 10_000)], "and the line keeps its place");
}

#[tokio::test]
async fn a_write_that_is_repeated_holds_as_if_it_came_once() {
    let shop = Shop::open().await;
    shop.stock_many(1).await;
    let alice = shop.user("alice");
    let first = alice.set("p0", 2).await;
    let again = alice.set("p0", 2).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    for _ in 0..2 {
        assert_eq!(alice.remove("p0").await.status, 204);
        assert_eq!(alice.cart().await["version"], 2);
    }
    alice.set("p0", 2).await;
    for _ in 0..2 {
        assert_eq!(alice.empty().await.status, 204);
        assert_eq!(alice.cart().await["version"], 4);
    }
}

#[tokio::test]
async fn a_line_is_removed_and_the_others_stay() {
    let shop = Shop::open().await;
    shop.stock_many(3).await;
    let alice = shop.user("alice");
    for id in ["p0", "p1", "p2"] {
        alice.set(id, 1).await;
    }
    let removed = alice.remove("p1").await;
    assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    assert_eq!(lines(&alice.cart().await), [("p0", 1), ("p2", 1)]);
    for absent in ["p1", "none"] {
        assert_eq!(alice.remove(absent).await.status, 204);
    }
    assert_eq!(lines(&alice.cart().await), [("p0", 1), ("p2", 1)]);
}

#[tokio::test]
async fn a_version_never_comes_twice() {
    let shop = Shop::open().await;
    shop.stock_many(1).await;
    let alice = shop.user("alice");
    let mut last = 0;
    for _ in 0..3 {
        for answer in [alice.set("p0", 1).await.status, alice.empty().await.status] {
            assert!(matches!(answer, 200 | 204));
        }
        let cart = alice.cart().await;
        let version = cart["version"].as_u64().expect("a version");
        assert!(version > last, "{cart}");
        assert_eq!((lines(&cart), &cart["total"]), (vec![], &pounds(0)));
        last = version;
    }
}
