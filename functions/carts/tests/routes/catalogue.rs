//! The cart beside a catalogue that moves.

use domain::{Currency, Money, ProductId, Version};
use serde_json::{Value, json};

use crate::shop::{Shop, item, lines, pounds};

#[tokio::test]
async fn an_archived_product_is_named_as_unavailable_and_can_be_removed() {
    let shop = Shop::open().await;
    shop.stock("mug", 250).await;
    shop.stock("cup", 199).await;
    for id in ["mug", "cup"] {
        shop.user("alice").set(id, 2).await;
    }
    shop.archive("mug").await;
    let alice = shop.in_another_process("alice");
    let cart = alice.cart().await;
    assert_eq!(lines(&cart), [("cup", 2)]);
    assert_eq!((&cart["unavailable"], &cart["total"]), (&json!(["mug"]), &pounds(398)));

    alice.set("mug", 1).await.problem(404);
    assert_eq!(alice.cart().await, cart);
    assert_eq!(alice.remove("mug").await.status, 204);
    assert_eq!(alice.cart().await["unavailable"], json!([]));
}

#[tokio::test]
async fn a_cart_of_unavailable_products_costs_nothing() {
    let shop = Shop::open().await;
    shop.stock("mug", 250).await;
    shop.user("alice").set("mug", 2).await;
    shop.archive("mug").await;
    let cart = shop.in_another_process("alice").cart().await;
    assert_eq!((&cart["items"], &cart["total"]), (&json!([]), &pounds(0)));
    assert_eq!(cart["unavailable"], json!(["mug"]));
}

#[tokio::test]
async fn a_cart_shows_the_price_of_the_day() {
    let shop = Shop::open().await;
    shop.stock("mug", 250).await;
    shop.user("alice").set("mug", 2).await;
    let (mug, price) = (ProductId::new("mug").expect("an id"), Money::price(99, Currency::GBP));
    let price = price.expect("a price");
    shop.store.set_price(&mug, Version::FIRST, price, api::now()).await.expect("set");
    let cart = shop.in_another_process("alice").cart().await;
    assert_eq!((&cart["items"][0]["unit_price"], &cart["total"]), (&pounds(99), &pounds(198)));
    assert_eq!(cart["version"], 1, "the cart itself has not changed");
}

#[tokio::test]
async fn prices_in_several_currencies_have_no_total() {
    let shop = Shop::open().await;
    shop.stock("mug", 250).await;
    shop.stock_in("vin", 900, "EUR").await;
    let alice = shop.user("alice");
    let euros = json!({"amount": 1_800, "currency": "EUR"});
    let cart = alice.set("vin", 2).await.body;
    assert_eq!(cart["total"], euros);
    let cart = alice.set("mug", 1).await.body;
    assert_eq!((&cart["total"], cart.get("total").is_some()), (&Value::Null, true));
    assert_eq!((&cart["items"][0]["line_total"], &cart["items"][1]["line_total"]), (&euros, &pounds(250)));
    alice.remove("mug").await;
    assert_eq!(alice.cart().await["total"], euros);
}

#[tokio::test]
async fn the_dearest_cart_has_an_exact_total() {
    let shop = Shop::open().await;
    shop.stock("crown", Money::MAX_PRICE).await;
    let cart = shop.user("alice").set("crown", 10_000).await.body;
    assert_eq!(cart["total"], pounds(Money::MAX_PRICE * 10_000));
}

#[tokio::test]
async fn what_is_not_in_the_catalogue_cannot_be_put_in() {
    let shop = Shop::open().await;
    shop.stock("gone", 100).await;
    shop.archive("gone").await;
    let alice = shop.user("alice");
    for id in ["none", "gone", "a%20b", "%ff", &"x".repeat(65)] {
        alice.set(id, 1).await.problem(404);
    }
    assert_eq!(alice.cart().await["version"], 0);
}

#[tokio::test]
async fn the_91st_product_is_one_too_many() {
    let shop = Shop::open().await;
    shop.stock_many(91).await;
    let alice = shop.user("alice");
    for n in 0..90 {
        assert_eq!(alice.set(&format!("p{n}"), 1).await.status, 200);
    }
    let refused = alice.send("PUT", &item("p90"), &[], &json!({"quantity": 1})).await;
    assert_eq!(refused.problem(422), ["/product_id"]);
    assert!(refused.text.contains("at most 90"), "{}", refused.text);
    assert_eq!(alice.set("p89", 7).await.status, 200, "what is in there already can still change");
    assert_eq!(alice.remove("p0").await.status, 204);
    assert_eq!(lines(&alice.set("p90", 1).await.body).len(), 90);
}
