//! Leaving a value where an invalidation leaves nothing.

use std::sync::Arc;
use std::time::Duration;

use cache::{Kind, Policy, Tag};
use tokio::sync::Semaphore;

use crate::redis_server::RedisServer;
use crate::stage::{BOTH, Broken, L2_ONLY, Truth, process};

#[tokio::test]
async fn what_a_writer_leaves_is_read_by_all_without_a_load() {
    let server = RedisServer::start();
    let (here, there, truth) = (process(&server), process(&server), Truth::of(1));
    for key in [BOTH.key("a"), L2_ONLY.key("a").tagged(Tag::new("category", "books"))] {
        truth.read(&here, &key).await;
        let loads = truth.loads();
        let ticket = here.ticket(&key).await;
        assert!(here.put(ticket, Some(&2)).await);
        for cache in [&here, &there] {
            assert_eq!(truth.read(cache, &key).await, 2);
            assert_eq!(cache.get(&key).await.as_deref(), Some(&2));
        }
        assert_eq!(truth.loads(), loads);
    }
}

#[tokio::test]
async fn an_invalidation_since_the_ticket_leaves_nothing() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let tag = Tag::new("category", "books");
    let key = L2_ONLY.key("a").tagged(tag.clone());
    for (keys, tags) in [(vec![key.erase()], vec![]), (vec![], vec![tag])] {
        let ticket = here.ticket(&key).await;
        assert!(there.invalidate(&keys, &tags).await);
        assert!(here.put(ticket, Some(&1)).await);
        assert_eq!(here.get(&key).await, None);
    }
}

#[tokio::test]
async fn of_two_writers_the_first_to_put_is_outdated_by_the_other() {
    let server = RedisServer::start();
    let (here, there, key) = (process(&server), process(&server), L2_ONLY.key("a"));
    let (first, second) = (here.ticket(&key).await, there.ticket(&key).await);
    assert!(here.put(first, Some(&1)).await);
    assert!(there.put(second, Some(&2)).await);
    assert_eq!(here.get(&key).await, None, "nobody can say which write was the last");
}

#[tokio::test]
async fn a_load_from_before_is_neither_joined_nor_kept() {
    let server = RedisServer::start();
    let (here, there, key) = (process(&server), process(&server), L2_ONLY.key("a"));
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let old = {
        let (here, key, gate, begun) = (here.clone(), key.clone(), Arc::clone(&gate), Arc::clone(&begun));
        let load = || async move {
            begun.add_permits(1);
            gate.acquire().await.expect("never closed").forget();
            Ok::<_, Broken>(Some(1))
        };
        tokio::spawn(async move { here.get_or_load(&key, load).await })
    };
    begun.acquire().await.expect("never closed").forget();
    let ticket = here.ticket(&key).await;
    assert!(here.put(ticket, Some(&2)).await);
    assert_eq!(Truth::of(3).read(&here, &key).await, 2);
    gate.add_permits(1);
    old.await.expect("no panic").expect("it loads");
    assert_eq!(there.get(&key).await.as_deref(), Some(&2));
}

#[tokio::test]
async fn a_writer_who_removed_it_leaves_not_found() {
    const REMOVED: Kind<u64> =
        Kind::new("removed", 1, Policy { negative: Some(Duration::from_secs(30)), ..Policy::PLAIN });
    let server = RedisServer::start();
    let (here, key) = (process(&server), REMOVED.key("a"));
    let ticket = here.ticket(&key).await;
    assert!(here.put(ticket, None).await);
    let loads = || async { Err(Broken) };
    assert_eq!(here.get_or_load(&key, loads).await, Ok(None));
}

#[tokio::test]
async fn what_l2_does_not_take_is_owed_as_an_invalidation() {
    let mut server = RedisServer::start();
    let (here, key, truth) = (process(&server), L2_ONLY.key("a"), Truth::of(1));
    truth.read(&here, &key).await;
    let ticket = here.ticket(&key).await;
    server.kill();
    truth.write(2);
    assert!(!here.put(ticket, Some(&2)).await);
    assert_eq!(truth.read(&here, &key).await, 2);
    server.restart();
    truth.read_until_cached(&here, &key).await;
}

#[tokio::test]
async fn get_never_loads() {
    let server = RedisServer::start();
    let (here, key) = (process(&server), BOTH.key("a"));
    assert_eq!(here.get(&key).await, None);
    assert_eq!((here.counters().loads, here.counters().misses), (0, 0));
}
