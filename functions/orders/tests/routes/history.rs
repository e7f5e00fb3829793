//! `GET /api/orders` and `GET /api/orders/{id}`

use serde_json::json;

use crate::shop::{Shop, mugs, send};

#[tokio::test]
async fn an_order_is_read_as_it_was_placed_by_every_process_at_once() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("ann", "/api/orders").await.body, json!({"items": [], "next_cursor": null}));
    let placed = shop.order_mugs("ann", "k", 2).await;
    for process in [shop.another_process(), shop.another_process()] {
        let path = format!("/api/orders/{}", placed.id());
        let shown = send(&process, shop.request("ann", "GET", &path, &[], &json!(null))).await;
        assert_eq!((shown.status, &shown.body), (200, &placed.body));
        assert_eq!(shown.headers["cache-control"], "private, no-cache");
        let listed = send(&process, shop.request("ann", "GET", "/api/orders", &[], &json!(null))).await;
        assert_eq!(listed.body["items"], json!([placed.body]));
    }
}

#[tokio::test]
async fn a_walk_meets_every_order_once_the_newest_first() {
    let shop = Shop::open().await;
    let mut placed = Vec::new();
    for n in 0..7 {
        placed.push(shop.order_mugs("ann", &n.to_string(), 1).await.id().to_string());
    }
    shop.order_mugs("bob", "k", 1).await;
    let (mut path, mut met) = ("/api/orders?limit=3".to_owned(), Vec::new());
    loop {
        let page = shop.get("ann", &path).await;
        met.extend(page.ids());
        let Some(cursor) = page.body["next_cursor"].as_str() else { break };
        path = format!("/api/orders?limit=3&cursor={cursor}");
    }
    placed.reverse();
    assert_eq!(met, placed);
}

#[tokio::test]
async fn another_users_orders_are_not_there() {
    let shop = Shop::open().await;
    let (own, other) = (shop.order_mugs("ann", "k", 1).await, shop.order_mugs("bob", "k", 1).await);
    let unknown = "0193a1b2-0000-7000-8000-000000000001".to_owned();
    let mut refusals = Vec::new();
    for id in [other.id().to_string(), unknown] {
        for _ in 0..2 {
            let mut refusal = shop.get("ann", &format!("/api/orders/{id}")).await;
            refusal.problem(404);
            refusal.body["request_id"].take();
            refusal.body["instance"].take();
            refusals.push(refusal.body);
        }
        shop.post("ann", &format!("/api/orders/{id}/cancel"), &[], &json!(null)).await.problem(404);
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "{refusals:?}");
    let listed = shop.get("ann", "/api/orders").await;
    assert_eq!(listed.body["items"], json!([own.body]));
    assert_eq!(shop.available("mug").await, 8, "nothing was cancelled");
}

#[tokio::test]
async fn a_cursor_of_another_list_or_a_forged_one_is_refused() {
    let shop = Shop::open().await;
    for (user, key) in [("ann", "1"), ("ann", "2"), ("bob", "1"), ("bob", "2")] {
        shop.order(user, key, &mugs(1)).await;
    }
    let page = shop.get("bob", "/api/orders?limit=1").await;
    let bobs = page.body["next_cursor"].as_str().expect("another page").to_owned();
    for cursor in [bobs.as_str(), "x", "", "AAAA"] {
        shop.get("ann", &format!("/api/orders?cursor={cursor}")).await.problem(400);
    }
    for limit in ["0", "101", "x"] {
        shop.get("ann", &format!("/api/orders?limit={limit}")).await.problem(400);
    }
    assert_eq!(shop.get("bob", &format!("/api/orders?limit=1&cursor={bobs}")).await.status, 200);
}
