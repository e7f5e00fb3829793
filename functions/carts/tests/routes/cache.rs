//! The cart through its cache: what a write changes is seen at once, by every
//! process, and a broken cache costs nothing but speed.

use crate::shop::{Shop, lines};

#[tokio::test]
async fn the_next_read_in_any_process_sees_the_write() {
    let shop = Shop::open().await;
    shop.stock_many(1).await;
    let (here, there) = (shop.user("alice"), shop.in_another_process("alice"));
    assert_eq!(there.cart().await["version"], 0, "and cached as empty");
    for quantity in 1..5 {
        here.set("p0", quantity).await;
        assert_eq!(lines(&there.cart().await), [("p0", quantity)]);
        assert_eq!(lines(&here.cart().await), [("p0", quantity)]);
    }
    there.remove("p0").await;
    assert_eq!(lines(&here.cart().await), []);
    there.set("p0", 9).await;
    here.empty().await;
    assert_eq!(lines(&there.cart().await), []);
}

#[tokio::test]
async fn with_redis_dead_or_hung_carts_are_read_and_written() {
    let mut shop = Shop::open().await;
    shop.stock_many(1).await;
    let alice = shop.user("alice");
    for (fault, quantity) in [("killed", 1), ("frozen", 2)] {
        if fault == "killed" {
            shop.redis.kill().await;
        } else {
            shop.redis.freeze();
        }
        assert_eq!(alice.set("p0", quantity).await.status, 200, "{fault}");
        assert_eq!(lines(&alice.cart().await), [("p0", quantity)], "{fault}");
        assert_eq!(alice.empty().await.status, 204, "{fault}");
        assert_eq!(lines(&alice.cart().await), [], "{fault}");
        if fault == "killed" { shop.redis.restart().await } else { shop.redis.thaw() }
    }
}
