//! `POST /api/orders`

use domain::{BasketItem, Quantity};
use serde_json::{Value, json};

use crate::shop::{Shop, mugs, pounds, product, user};

fn money(pence: i64) -> Value {
    json!({"amount": pence, "currency": "GBP"})
}

#[tokio::test]
async fn an_order_holds_its_stock_and_waits_to_be_paid() {
    let shop = Shop::open().await;
    let body = json!({"items": [
        {"product_id": "mug", "quantity": 3}, {"product_id": "cup", "quantity": 1},
    ]});
    let placed = shop.order("ann", "k", &body).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    assert_eq!(placed.headers["location"], format!("/api/orders/{}", placed.id()));
    let expected = json!([
        {"product_id": "mug", "name": "A mug", "quantity": 3, "unit_price": money(255), "line_total": money(765)},
        {"product_id": "cup", "name": "A cup", "quantity": 1, "unit_price": money(120), "line_total": money(120)},
    ]);
    assert_eq!(placed.body["items"], expected);
    assert_eq!(placed.body["total"], money(885));
    assert_eq!((&placed.body["status"], &placed.body["version"]), (&json!("pending_payment"), &json!(1)));
    let payment = &placed.body["payment"];
    assert_eq!(
        (&payment["status"], &payment["captured"], &payment["refunded"]),
        (&json!("pending"), &money(0), &money(0))
    );
    let time = |field: &str| placed.body[field].as_str().expect("a time").parse::<jiff::Timestamp>();
    let window = time("expires_at").expect("a time") - time("created_at").expect("a time");
    assert_eq!(window.get_seconds(), 15 * 60);
    assert_eq!((shop.available("mug").await, shop.available("cup").await), (7, 4));
}

#[tokio::test]
async fn repeated_lines_are_summed() {
    let shop = Shop::open().await;
    let line = |pieces: i64| json!({"product_id": "mug", "quantity": pieces});
    let placed = shop.order("ann", "k", &json!({"items": [line(2), line(3)]})).await;
    let items = placed.body["items"].as_array().expect("items");
    assert_eq!((items.len(), &items[0]["quantity"]), (1, &json!(5)));
    assert_eq!(shop.available("mug").await, 5);
    let short = shop.order("ann", "l", &json!({"items": [line(3), line(3)]})).await;
    assert_eq!(short.problem_in_words(409), ["/items/0/quantity: 5 of mug are left, 6 were ordered"]);
}

#[tokio::test]
async fn the_price_is_the_tables_whatever_the_cache_says() {
    let shop = Shop::open().await;
    shop.store.product(&product("mug")).await.expect("cached at the old price");
    shop.set_price(&shop.dying_process(), "mug", pounds(300)).await;
    let placed = shop.order("ann", "k", &mugs(2)).await;
    assert_eq!(placed.body["total"], money(600));
}

#[tokio::test]
async fn a_price_that_moved_is_refused_when_the_caller_expects_another() {
    let shop = Shop::open().await;
    let expecting = |pence: i64| {
        let mut body = mugs(2);
        body["expected_total"] = money(pence);
        body
    };
    let refused = shop.order("ann", "k", &expecting(500)).await;
    refused.problem(409);
    assert!(refused.body["detail"].as_str().expect("a detail").contains("510 GBP"), "{}", refused.text);
    let mut euros = expecting(510);
    euros["expected_total"]["currency"] = json!("EUR");
    shop.order("ann", "k", &euros).await.problem(409);
    assert_eq!(shop.available("mug").await, 10);
    assert_eq!(shop.order("ann", "k", &expecting(510)).await.status, 201, "a refusal leaves the key free");
}

#[tokio::test]
async fn a_cart_becomes_an_order_and_is_empty_then() {
    let shop = Shop::open().await;
    let ann = user("ann");
    for (id, pieces) in [("mug", 2), ("cup", 1)] {
        let quantity = Quantity::new(pieces).expect("a quantity");
        let item = BasketItem { product_id: product(id), quantity };
        shop.store.set_cart_item(&ann, &item, None).await.expect("set");
    }
    let placed = shop.order("ann", "k", &json!({"from_cart": true})).await;
    assert_eq!((placed.status, &placed.body["total"]), (201, &money(630)), "{}", placed.text);
    assert!(shop.store.cart(&ann).await.expect("a cart").basket.is_empty());
    let again = shop.order("ann", "l", &json!({"from_cart": true})).await;
    assert_eq!(again.problem_in_words(422), ["/from_cart: the cart is empty"]);
    let replayed = shop.order("ann", "k", &json!({"from_cart": true})).await;
    assert_eq!((replayed.status, &replayed.text), (201, &placed.text));
}

#[tokio::test]
async fn one_cart_is_ordered_once_however_many_ask_at_once() {
    let shop = Shop::open().await;
    let ann = user("ann");
    let item = BasketItem { product_id: product("mug"), quantity: Quantity::new(1).expect("a quantity") };
    shop.store.set_cart_item(&ann, &item, None).await.expect("set");
    let keys: Vec<String> = (0..8).map(|n| format!("key {n}")).collect();
    let body = json!({"from_cart": true});
    let orders = keys.iter().map(|key| shop.order("ann", key, &body));
    let mut statuses: Vec<u16> = futures::future::join_all(orders).await.iter().map(|a| a.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422, 422, 422, 422, 422, 422, 422]);
    assert_eq!(shop.available("mug").await, 9);
}

#[tokio::test]
async fn the_largest_order_fits_its_transaction() {
    let shop = Shop::open().await;
    let ids: Vec<String> = (0..90).map(|n| format!("p{n}")).collect();
    for id in &ids {
        shop.stock(id, pounds(1), 10_000).await;
    }
    let item = |id: &String| json!({"product_id": id, "quantity": 10_000});
    let items: Vec<Value> = ids.iter().map(item).collect();
    let placed = shop.order("ann", "k", &json!({"items": items})).await;
    assert_eq!((placed.status, &placed.body["total"]), (201, &money(900_000)), "{}", placed.text);
    assert_eq!(shop.available("p89").await, 0);
}
