//! The profile through its cache: what a write changes is seen at once, by
//! every process, and a broken cache costs nothing but speed.

use crate::shop::{Shop, named};

#[tokio::test]
async fn the_next_read_in_any_process_sees_the_write() {
    let shop = Shop::open().await;
    let (here, there) = (shop.user("alice"), shop.in_another_process("alice"));
    there.get().await.problem(404);
    here.create(&named("Alice")).await;
    assert_eq!(there.get().await.body["name"], "Alice");
    for (version, name) in [("\"1\"", "Bea"), ("\"2\"", "Cleo"), ("\"3\"", "Dora")] {
        assert_eq!(here.get().await.status, 200);
        assert_eq!(there.edit(version, &named(name)).await.status, 200);
        assert_eq!(here.get().await.body["name"], name);
        assert_eq!(there.get().await.body["name"], name);
    }
}

#[tokio::test]
async fn with_redis_dead_or_hung_profiles_are_read_and_written() {
    let mut shop = Shop::open().await;
    let alice = shop.user("alice");
    alice.create(&named("Alice")).await;
    for (fault, version) in [("killed", "\"1\""), ("frozen", "\"2\"")] {
        if fault == "killed" {
            shop.redis.kill().await;
        } else {
            shop.redis.freeze();
        }
        assert_eq!(alice.get().await.status, 200, "{fault}");
        assert_eq!(alice.edit(version, &named(fault)).await.status, 200, "{fault}");
        assert_eq!(alice.get().await.body["name"], fault);
        if fault == "killed" { shop.redis.restart().await } else { shop.redis.thaw() }
    }
}
