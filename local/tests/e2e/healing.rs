//! A writer that is killed after its commit and before the cache heard of it: the
//! table's stream tells the cache.

use std::time::Duration;

use local::faults::Fault;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::Shop;

const OLD: i64 = 1_250;
const NEW: i64 = 999;

/// Sets a price, and kills the function while it waits for the answer to its
/// transaction, which has been carried out.
async fn set_price_and_die(shop: &Shop, id: &str) {
    let faults = shop.stack.faults();
    let struck = || faults.counts().injected.get("NoReply").copied();
    let before = struck();
    faults.inject(Fault::NoReply.on("TransactWriteItems").touching(&format!("PRODUCT#{id}")).next(1));
    let set = shop.request(Method::PUT, &format!("/api/products/{id}/pricing")).header("if-match", "\"1\"");
    let set = set.json(&json!({"price": {"amount": NEW, "currency": "GBP"}}));
    let answer = tokio::spawn(set.send());
    while struck() == before {
        sleep(Duration::from_millis(5)).await;
    }
    shop.stack.kill_function("products").await.unwrap();
    assert_eq!(answer.await.unwrap().unwrap().status(), 502, "its process died");
}

async fn price(shop: &Shop, id: &str) -> i64 {
    shop.json(&format!("/api/products/{id}/pricing")).await["price"]["amount"].as_i64().unwrap()
}

async fn is_shown(shop: &Shop, id: &str, amount: i64) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while price(shop, id).await != amount {
        assert!(Instant::now() < deadline, "the cache was not told");
        sleep(Duration::from_millis(100)).await;
    }
}

/// A product whose price is in the shared cache.
async fn cached(shop: &Shop) -> String {
    let id = shop.create("Mug").await["id"].as_str().unwrap().to_owned();
    // The stream tells of its creation too: what is read before that is forgotten.
    sleep(Duration::from_secs(1)).await;
    assert_eq!(price(shop, &id).await, OLD);
    id
}

#[tokio::test]
async fn without_the_stream_the_old_price_is_shown_for_minutes() {
    let shop = Shop::open().await;
    let mut shown = Vec::new();
    // On a busy machine the cache may miss its deadline, and the table answers.
    for _ in 0..3 {
        let id = cached(&shop).await;
        set_price_and_die(&shop, &id).await;
        shown.push(price(&shop, &id).await);
    }
    assert!(shown.contains(&OLD), "nobody told the cache: {shown:?}");
    shop.close().await;
}

#[tokio::test]
async fn with_the_stream_the_new_price_is_shown_within_seconds() {
    let shop = Shop::open_with_streams().await;
    let id = cached(&shop).await;
    set_price_and_die(&shop, &id).await;
    is_shown(&shop, &id, NEW).await;
    shop.close().await;
}

#[tokio::test]
async fn a_cache_that_was_away_holds_nothing_up_for_good() {
    let mut shop = Shop::open_with_streams().await;
    let id = cached(&shop).await;
    shop.stack.kill_cache().await;
    set_price_and_die(&shop, &id).await;
    assert_eq!(price(&shop, &id).await, NEW, "from the table");
    shop.stack.restart_cache().await.unwrap();
    let id = cached(&shop).await;
    set_price_and_die(&shop, &id).await;
    is_shown(&shop, &id, NEW).await;
    assert_eq!(
        shop.stack.queue("CacheInvalidatorFailures").unwrap(),
        [Value::Null; 0],
        "nothing was given up"
    );
    shop.close().await;
}
