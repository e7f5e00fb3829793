//! The function's invocations, in process on a real table and a real cache.

use cache_invalidator::Invalidator;
use domain::{Currency, Money, Version};
use jiff::Timestamp;
use local::testing::shop::{Shop, mug, stream_record};
use monitoring::Monitoring;
use serde_json::{Value, json};
use store::Store;

fn function(shop: &Shop) -> Invalidator {
    let variable = |name: &str| shop.environment.get(name).cloned();
    Invalidator::new(&variable, &Monitoring::default()).expect("the environment is complete")
}

async fn answer(function: &Invalidator, records: &[Value]) -> Value {
    let answer = function.clone().handle(json!({"Records": records})).await.expect("answered");
    serde_json::to_value(answer).expect("plain JSON")
}

async fn price(store: &Store) -> i64 {
    store.price(&mug()).await.expect("a price").price.amount()
}

/// A writer that is cut off before the cache hears of the price that it set.
async fn set_price(shop: &Shop, pence: i64) {
    let seen = shop.store.price(&mug()).await.expect("a price").version;
    let price = Money::price(pence, Currency::GBP).expect("a price");
    shop.store.set_price(&mug(), seen, price, Timestamp::now()).await.expect("set");
}

/// That the price was set, as the stream tells it.
fn told(sequence_number: &str) -> Value {
    let image = json!({"pk": {"S": "PRODUCT#mug"}, "sk": {"S": "PRICE"}});
    stream_record(sequence_number, &image, &image)
}

#[tokio::test]
async fn what_a_writer_left_stale_is_healed() {
    let shop = Shop::with_mugs(1).await;
    assert_eq!(price(&shop.reader()).await, 100);
    set_price(&shop, 250).await;
    assert_eq!(price(&shop.reader()).await, 100, "it was cut off");
    assert_eq!(answer(&function(&shop), &[told("1")]).await, json!({"batchItemFailures": []}));
    assert_eq!(price(&shop.reader()).await, 250);
}

#[tokio::test]
async fn a_batch_comes_again_until_the_cache_acknowledges_it() {
    let shop = Shop::with_mugs(1).await;
    assert_eq!(price(&shop.reader()).await, 100);
    set_price(&shop, 250).await;
    let function = function(&shop);
    shop.redis.freeze();
    let failed = answer(&function, &[told("1"), told("2")]).await;
    assert_eq!(failed, json!({"batchItemFailures": [{"itemIdentifier": "1"}]}));
    shop.redis.thaw();
    assert_eq!(answer(&function, &[told("1"), told("2")]).await, json!({"batchItemFailures": []}));
    assert_eq!(price(&shop.reader()).await, 250);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_holds_nobody_up() {
    let shop = Shop::with_mugs(1).await;
    assert_eq!(price(&shop.reader()).await, 100);
    set_price(&shop, 250).await;
    let broken = [
        stream_record("1", &Value::Null, &json!({"pk": 7})),
        stream_record("2", &Value::Null, &json!({})),
        stream_record("3", &Value::Null, &json!({"pk": {"S": "PRODUCT#mug"}, "sk": {"S": "PRODUCT"}})),
        told("4"),
    ];
    assert_eq!(answer(&function(&shop), &broken).await, json!({"batchItemFailures": []}));
    assert_eq!(price(&shop.reader()).await, 250);
    assert!(function(&shop).handle(json!({})).await.is_err());
    assert_eq!(answer(&function(&shop), &[]).await, json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn without_a_shared_cache_there_is_nothing_to_tell() {
    let mut shop = Shop::with_mugs(1).await;
    shop.environment.insert("CACHE_URL".to_owned(), String::new());
    assert_eq!(answer(&function(&shop), &[told("1")]).await, json!({"batchItemFailures": []}));
    assert_eq!(shop.store.price(&mug()).await.expect("a price").version, Version::FIRST);
}
