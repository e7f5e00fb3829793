//! `/api/products/{id}/inventory`

use serde_json::json;

use crate::shop::Shop;

async fn available(shop: &Shop) -> i64 {
    shop.get("/api/products/mug/inventory").await.body["available"].as_i64().expect("a number")
}

#[tokio::test]
async fn stock_moves_by_deltas() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let moved = shop.adjust("mug", 10, "a").await;
    assert_eq!(
        (moved.status, &moved.body["available"], &moved.body["version"]),
        (200, &json!(10), &json!(2))
    );
    assert_eq!(shop.get("/api/products/mug/inventory").await.body, moved.body);
    assert_eq!(shop.adjust("mug", -4, "b").await.body["available"], 6);
    assert_eq!(shop.get("/api/products/mug").await.body["inventory"]["available"], 6);
}

#[tokio::test]
async fn below_zero_is_a_conflict_that_moves_nothing() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    shop.adjust("mug", 3, "a").await;
    shop.adjust("mug", -4, "b").await.problem(409);
    assert_eq!(available(&shop).await, 3);
    assert_eq!(shop.adjust("mug", 5, "b").await.status, 200, "a refused request leaves its key free");
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_before_and_moves_nothing() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let first = shop.adjust("mug", 5, "key").await;
    shop.adjust("mug", 1, "other").await;
    let again = shop.adjust("mug", 5, "key").await;
    assert_eq!((again.status, &again.text), (200, &first.text), "byte by byte");
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(available(&shop).await, 6);
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_caller() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    shop.stock("cup", "Cup", "c").await;
    shop.adjust("mug", 5, "key").await;
    shop.adjust("mug", 6, "key").await.problem(422);
    shop.adjust("cup", 5, "key").await.problem(422);
    assert_eq!(available(&shop).await, 5);
}

#[tokio::test]
async fn concurrent_adjustments_all_count_and_a_shared_key_counts_once() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let adjust = |n: usize| {
        let shop = &shop;
        // Pairs share a key.
        async move {
            let key = format!("key {}", n / 2);
            loop {
                let answer = shop.adjust("mug", 1, &key).await;
                if answer.status != 503 {
                    return answer;
                }
            }
        }
    };
    let answers = futures::future::join_all((0..12).map(adjust)).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    for pair in answers.chunks(2) {
        assert_eq!(pair[0].text, pair[1].text);
    }
    assert_eq!(available(&shop).await, 6);
}
