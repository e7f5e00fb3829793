//! `If-Match`: not asked for, and honoured where it is sent.

use serde_json::json;

use crate::shop::{CART, Shop, item, lines};

#[tokio::test]
async fn the_version_that_was_shown_lets_a_write_pass() {
    let shop = Shop::open().await;
    shop.stock_many(2).await;
    let alice = shop.user("alice");
    let one = json!({"quantity": 1});
    for (version, id) in [("\"0\"", "p0"), ("\"1\"", "p1")] {
        assert_eq!(alice.cart().await["version"].to_string(), version.trim_matches('"'));
        assert_eq!(alice.set_to(id, &one, &[("if-match", version)]).await.status, 200);
    }
    assert_eq!(alice.delete(&item("p0"), &[("if-match", "\"2\"")]).await.status, 204);
    assert_eq!(alice.delete(CART, &[("if-match", "\"3\"")]).await.status, 204);
    assert_eq!(alice.cart().await["version"], 4);
}

#[tokio::test]
async fn another_version_is_412_and_changes_nothing() {
    let shop = Shop::open().await;
    shop.stock_many(2).await;
    let alice = shop.user("alice");
    alice.set("p0", 1).await;
    let one = json!({"quantity": 1});
    for stale in ["\"0\"", "\"2\"", "\"18446744073709551615\"", "\"x\""] {
        let stale = [("if-match", stale)];
        for id in ["p0", "p1"] {
            alice.set_to(id, &one, &stale).await.problem(412);
            alice.delete(&item(id), &stale).await.problem(412);
        }
        alice.delete(CART, &stale).await.problem(412);
    }
    for bad in ["1", "*", "W/\"1\""] {
        alice.set_to("p1", &one, &[("if-match", bad)]).await.problem(400);
        alice.delete(CART, &[("if-match", bad)]).await.problem(400);
    }
    let cart = alice.cart().await;
    assert_eq!((lines(&cart), &cart["version"]), (vec![("p0", 1)], &json!(1)));
}

#[tokio::test]
async fn of_many_writes_from_one_version_one_wins() {
    let shop = Shop::open().await;
    shop.stock_many(7).await;
    let alice = shop.user("alice");
    alice.set("p6", 1).await;
    let writes = (0..6).map(|n| {
        let alice = &alice;
        async move {
            let (id, one) = (format!("p{n}"), json!({"quantity": 1}));
            alice.set_to(&id, &one, &[("if-match", "\"1\"")]).await.status
        }
    });
    let mut statuses = futures::future::join_all(writes).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412]);
    assert_eq!(lines(&alice.cart().await).len(), 2);
}
