//! The catalogue through its cache: what a write changes is seen, and a
//! broken cache costs nothing but speed.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::shop::{Shop, pounds, send};

#[tokio::test]
async fn a_price_change_is_seen_by_other_processes_within_its_l1_seconds() {
    let shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    let other = shop.another_process();
    let price = async || {
        let request = Request::get("/api/products/mug").body(Body::empty()).expect("a request");
        send(&other, request).await.body["price"].clone()
    };
    assert_eq!(price().await, pounds(255));
    let change = json!({"price": pounds(99)});
    let changed = shop.write("PUT", "/api/products/mug/pricing", &[("if-match", "\"1\"")], &change).await;
    assert_eq!(changed.status, 200);
    let acknowledged = Instant::now();
    assert_eq!(shop.get("/api/products/mug").await.body["price"], pounds(99), "the writer itself at once");
    while price().await != pounds(99) {
        assert!(acknowledged.elapsed() < Duration::from_secs(4), "L1 keeps a price for 2 s");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn with_redis_dead_or_hung_every_read_and_write_still_answers() {
    let mut shop = Shop::open().await;
    shop.stock("mug", "Mug", "c").await;
    for fault in ["killed", "frozen"] {
        if fault == "killed" {
            shop.redis.kill().await;
        } else {
            shop.redis.freeze();
        }
        for path in
            ["/api/products/mug", "/api/products", "/api/products?category=c", "/api/products/search?q=mug"]
        {
            assert_eq!(shop.get(path).await.status, 200, "{fault}: {path}");
        }
        let version = shop.get("/api/products/mug/inventory").await.body["version"].clone();
        let moved = shop.adjust("mug", 1, fault).await;
        assert_eq!(moved.status, 200, "{fault}");
        let seen = shop.get("/api/products/mug/inventory").await.body["version"].clone();
        assert_eq!(seen.as_i64(), version.as_i64().map(|version| version + 1), "{fault}");
        if fault == "killed" { shop.redis.restart().await } else { shop.redis.thaw() }
    }
}
