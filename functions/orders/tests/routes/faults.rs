//! What callers hear when DynamoDB fails, and that coming again is safe.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::http::HeaderMap;
use lambda_http::{Context, RequestExt};
use local::faults::{Fault, Position};
use serde_json::json;

use crate::shop::{Shop, mugs, send};

#[tokio::test]
async fn contention_that_lasts_is_503_and_the_same_key_is_good_later() {
    let shop = Shop::open().await;
    let faults = shop.database.faults();
    for fault in [Fault::Conflict(Position::Random), Fault::Throttled, Fault::ErrorBefore] {
        faults.inject(fault.on("TransactWriteItems"));
        let refused = shop.order("ann", "k", &mugs(2)).await;
        refused.problem(503);
        assert_eq!(refused.headers["retry-after"], "1");
        assert!(!refused.text.contains("Dynamo"), "causes are for the log: {}", refused.text);
        faults.clear();
        assert_eq!(shop.available("mug").await, 10);
    }
    let placed = shop.order_mugs("ann", "k", 2).await;
    assert!(!placed.headers.contains_key("idempotency-replayed"));
    assert_eq!(shop.available("mug").await, 8);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_the_answer_all_the_same() {
    let shop = Shop::open().await;
    shop.database.faults().inject(Fault::LostReply.on("TransactWriteItems").next(1));
    let placed = shop.order_mugs("ann", "k", 2).await;
    let again = shop.order("ann", "k", &mugs(2)).await;
    assert_eq!((again.status, &again.text), (201, &placed.text));
    assert_eq!(shop.available("mug").await, 8);
}

#[tokio::test]
async fn a_table_that_hangs_is_503_before_the_invocations_time_is_over() {
    let shop = Shop::open().await;
    for (method, path, body) in [
        ("POST", "/api/orders", mugs(1)),
        ("GET", "/api/orders", json!(null)),
        ("GET", "/api/orders/0193a1b2-0000-7000-8000-000000000001", json!(null)),
        ("POST", "/api/orders/0193a1b2-0000-7000-8000-000000000001/cancel", json!(null)),
    ] {
        shop.database.faults().inject(Fault::Delay(Duration::from_mins(1)).on_any());
        let time = Duration::from_millis(1_500);
        let request = shop.request("ann", method, path, &[("idempotency-key", "k")], &body);
        let request = request.with_lambda_context(context(SystemTime::now() + time));
        let start = Instant::now();
        send(&shop.another_process(), request).await.problem(503);
        assert!(start.elapsed() < time, "{method} {path}: {:?}", start.elapsed());
        shop.database.faults().clear();
    }
}

fn context(deadline: SystemTime) -> Context {
    let ms = deadline.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    let mut headers = HeaderMap::new();
    headers.insert("lambda-runtime-aws-request-id", "1".parse().expect("a value"));
    headers.insert("lambda-runtime-deadline-ms", ms.to_string().parse().expect("a value"));
    Context::new("1", Arc::default(), &headers).expect("a context")
}
