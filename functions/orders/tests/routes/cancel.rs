//! `POST /api/orders/{id}/cancel`

use serde_json::json;

use crate::shop::{Answer, Shop};

async fn cancel(shop: &Shop, user: &str, placed: &Answer) -> Answer {
    shop.post(user, &format!("/api/orders/{}/cancel", placed.id()), &[], &json!(null)).await
}

#[tokio::test]
async fn cancelling_gives_the_stock_back_once() {
    let shop = Shop::open().await;
    let placed = shop.order_mugs("ann", "k", 4).await;
    assert_eq!(shop.get("ann", "/api/orders").await.body["items"][0]["status"], "pending_payment");
    let cancelled = cancel(&shop, "ann", &placed).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    assert_eq!(
        (&cancelled.body["status"], &cancelled.body["expires_at"]),
        (&json!("cancelled"), &json!(null))
    );
    assert_eq!(
        (&cancelled.body["payment"]["status"], &cancelled.body["version"]),
        (&json!("voided"), &json!(2))
    );
    let again = cancel(&shop, "ann", &placed).await;
    assert_eq!((again.status, &again.body), (200, &cancelled.body), "a retry is told the same");
    assert_eq!(shop.available("mug").await, 10);
    assert_eq!(shop.get("ann", "/api/orders").await.body["items"][0], cancelled.body);
}

#[tokio::test]
async fn many_who_cancel_at_once_give_the_stock_back_once() {
    let shop = Shop::open().await;
    let placed = shop.order_mugs("ann", "k", 4).await;
    let cancels = futures::future::join_all((0..10).map(|_| cancel(&shop, "ann", &placed))).await;
    assert!(cancels.iter().all(|answer| answer.status == 200), "{cancels:#?}");
    assert_eq!(shop.available("mug").await, 10);
}

#[tokio::test]
async fn an_order_that_is_paid_is_not_cancelled() {
    let shop = Shop::open().await;
    let placed = shop.order_mugs("ann", "k", 4).await;
    shop.get("ann", &format!("/api/orders/{}", placed.id())).await;
    shop.paid(&placed).await;
    cancel(&shop, "ann", &placed).await.problem(409);
    let shown = shop.get("ann", &format!("/api/orders/{}", placed.id())).await;
    assert_eq!(
        (&shown.body["status"], &shown.body["payment"]["status"]),
        (&json!("paid"), &json!("captured"))
    );
    assert_eq!(shown.body["payment"]["captured"]["amount"], 1_020);
    assert_eq!(shop.available("mug").await, 6);
}

#[tokio::test]
async fn a_refused_cancel_makes_the_cache_forget_what_a_crash_kept_from_it() {
    let shop = Shop::open().await;
    let placed = shop.order_mugs("ann", "k", 4).await;
    let path = format!("/api/orders/{}", placed.id());
    let status = async || shop.get("ann", &path).await.body["status"].clone();
    assert_eq!(status().await, "pending_payment");
    let later = api::now() + domain::PAYMENT_WINDOW;
    assert_eq!(shop.dying_process().expire_orders(later).await.expired, 1);
    assert_eq!(status().await, "pending_payment", "as cached");
    cancel(&shop, "ann", &placed).await.problem(409);
    assert_eq!(status().await, "expired");
}

#[tokio::test]
async fn an_order_that_expired_is_not_cancelled() {
    let shop = Shop::open().await;
    let placed = shop.order_mugs("ann", "k", 4).await;
    let later = api::now() + domain::PAYMENT_WINDOW;
    assert_eq!(shop.store.expire_orders(later).await.expired, 1);
    assert_eq!(shop.available("mug").await, 10);
    cancel(&shop, "ann", &placed).await.problem(409);
    let shown = shop.get("ann", &format!("/api/orders/{}", placed.id())).await;
    assert_eq!(shown.body["status"], "expired");
}
