//! An invalidation beats every load, here and in other processes.

use std::sync::Arc;

use cache::{Cache, Config, Key, ManualClock, Tag};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::flights::until;
use crate::redis_server::RedisServer;
use crate::stage::{BOTH, Broken, L1_TIME, L2_ONLY, Truth, cache, patient, process};

/// A read whose load has the truth of this moment in hand and does not let go of
/// it before the gate opens.
async fn slow_read(cache: &Cache, key: &Key<u64>, truth: &Truth, gate: &Arc<Semaphore>) -> JoinHandle<u64> {
    let before = truth.loads();
    let (cache, key) = (cache.clone(), key.clone());
    let load = {
        let (truth, gate) = (truth.clone(), Arc::clone(gate));
        || async move {
            let value = truth.load();
            let _open = gate.acquire().await.expect("never closed");
            Ok::<_, Broken>(Some(value))
        }
    };
    let read =
        tokio::spawn(
            async move { *cache.get_or_load(&key, load).await.expect("it loads").expect("it is there") },
        );
    while truth.loads() == before {
        tokio::task::yield_now().await;
    }
    read
}

#[tokio::test]
async fn a_load_that_an_invalidation_overtakes_is_neither_joined_nor_kept() {
    let server = RedisServer::start();
    let cache = process(&server);
    for key in [BOTH.key("a"), L2_ONLY.key("a")] {
        let (gate, truth) = (Arc::new(Semaphore::new(0)), Truth::of(1));
        let old = slow_read(&cache, &key, &truth, &gate).await;
        truth.write(2);
        assert!(cache.invalidate(&[key.erase()], &[]).await);
        assert_eq!(truth.read(&cache, &key).await, 2, "not joined");
        gate.add_permits(1);
        assert_eq!(old.await.expect("no panic"), 2, "it took over what stood by then");
        assert_eq!(truth.read(&cache, &key).await, 2, "not kept");
        assert_eq!(truth.loads(), 2);
    }
}

#[tokio::test]
async fn without_l2_a_load_that_an_invalidation_overtakes_is_neither_joined_nor_kept() {
    let cache = cache(Config::default());
    let gate = Arc::new(Semaphore::new(0));
    let (key, truth) = (BOTH.key("a"), Truth::of(1));
    let old = slow_read(&cache, &key, &truth, &gate).await;
    truth.write(2);
    cache.invalidate(&[key.erase()], &[]).await;
    assert_eq!(truth.read(&cache, &key).await, 2, "not joined");
    gate.add_permits(1);
    assert_eq!(old.await.expect("no panic"), 1);
    truth.write(3);
    cache.invalidate(&[key.erase()], &[]).await;
    assert_eq!(truth.read(&cache, &key).await, 3, "not kept");
}

#[tokio::test]
async fn a_reader_that_finds_the_old_value_just_before_it_goes_leaves_no_copy() {
    let server = RedisServer::start();
    let (cache, elsewhere) = (process(&server), process(&server));
    let (key, truth) = (BOTH.key("a"), Truth::of(1));
    truth.read(&elsewhere, &key).await;
    cache.ping().await.expect("it is up");
    truth.write(2);
    let erased = [key.erase()];
    let mut invalidation = Box::pin(cache.invalidate(&erased, &[]));
    let mut read = Box::pin(truth.read(&cache, &key));
    // On this single thread the read's look-up is sent first, and yet the read
    // begins when the invalidation has already dropped what is here.
    assert!(futures::poll!(&mut invalidation).is_pending());
    assert!(futures::poll!(&mut read).is_pending());
    assert_eq!(tokio::join!(read, invalidation), (1, true));
    assert_eq!(truth.read(&cache, &key).await, 2);
}

#[tokio::test]
async fn a_load_is_not_kept_after_another_processes_invalidation() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let gate = Arc::new(Semaphore::new(0));
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    let old = slow_read(&here, &key, &truth, &gate).await;
    truth.write(2);
    assert!(there.invalidate(&[key.erase()], &[]).await);
    gate.add_permits(1);
    assert_eq!(old.await.expect("no panic"), 1);
    until(&here, |counters| counters.refused == 1).await;
    for cache in [&here, &there] {
        assert_eq!(truth.read(cache, &key).await, 2);
    }
    assert_eq!(truth.loads(), 2);
}

#[tokio::test]
async fn a_load_is_not_joined_after_another_processes_invalidation() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let gate = Arc::new(Semaphore::new(0));
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    let old = slow_read(&here, &key, &truth, &gate).await;
    truth.write(2);
    assert!(there.invalidate(&[key.erase()], &[]).await);
    assert_eq!(truth.read(&here, &key).await, 2);
    gate.add_permits(1);
    assert_eq!(old.await.expect("no panic"), 2, "it took over what stood by then");
    assert_eq!(truth.read(&here, &key).await, 2, "the later load was kept");
}

#[tokio::test]
async fn a_load_is_not_joined_after_another_processes_invalidation_of_a_tag() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let gate = Arc::new(Semaphore::new(0));
    let tag = Tag::new("category", "books");
    let (key, truth) = (L2_ONLY.key("a").tagged(tag.clone()), Truth::of(1));
    let old = slow_read(&here, &key, &truth, &gate).await;
    truth.write(2);
    assert!(there.invalidate(&[], &[tag]).await);
    assert_eq!(truth.read(&here, &key).await, 2);
    gate.add_permits(1);
    assert_eq!(old.await.expect("no panic"), 2, "it took over what stood by then");
}

#[tokio::test]
async fn another_process_serves_the_old_value_for_its_l1_seconds_at_most() {
    let server = RedisServer::start();
    let (here, clock) = (process(&server), ManualClock::new());
    let there = cache(patient(&server, &clock));
    let (key, truth) = (BOTH.key("a"), Truth::of(1));
    truth.read(&there, &key).await;
    truth.write(2);
    here.invalidate(&[key.erase()], &[]).await;
    assert_eq!(truth.read(&here, &key).await, 2);
    assert_eq!(truth.read(&there, &key).await, 1);
    clock.advance(L1_TIME);
    assert_eq!(truth.read(&there, &key).await, 2);
}

#[tokio::test]
async fn a_copy_counts_its_l1_seconds_from_before_its_load() {
    let server = RedisServer::start();
    let (here, clock) = (process(&server), ManualClock::new());
    let there = cache(patient(&server, &clock));
    let gate = Arc::new(Semaphore::new(0));
    let (key, truth) = (BOTH.key("a"), Truth::of(1));
    let old = slow_read(&there, &key, &truth, &gate).await;
    truth.write(2);
    here.invalidate(&[key.erase()], &[]).await;
    clock.advance(L1_TIME);
    gate.add_permits(1);
    assert_eq!(old.await.expect("no panic"), 1);
    assert_eq!(truth.read(&there, &key).await, 2);
}

#[tokio::test]
async fn a_tag_drops_all_that_carry_it_and_nothing_else() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let (books, toys) = (Tag::new("category", "books"), Tag::new("category", "toys"));
    let both = L2_ONLY.key("both").tagged(books.clone()).tagged(toys.clone());
    let only_toys = BOTH.key("toys").tagged(toys);
    let truth = Truth::of(1);
    for key in [&both, &only_toys] {
        truth.read(&here, key).await;
    }
    truth.write(2);
    assert!(here.invalidate(&[], &[books]).await);
    for cache in [&here, &there] {
        assert_eq!(truth.read(cache, &both).await, 2);
        assert_eq!(truth.read(cache, &only_toys).await, 1);
    }
    assert_eq!(truth.loads(), 3);
}

#[tokio::test]
async fn a_tag_invalidated_during_a_load_outdates_what_it_loads() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let gate = Arc::new(Semaphore::new(0));
    let tag = Tag::new("category", "books");
    let (key, truth) = (L2_ONLY.key("a").tagged(tag.clone()), Truth::of(1));
    let old = slow_read(&here, &key, &truth, &gate).await;
    truth.write(2);
    assert!(there.invalidate(&[], &[tag]).await);
    gate.add_permits(1);
    assert_eq!(old.await.expect("no panic"), 1);
    assert_eq!(truth.read(&there, &key).await, 2);
    assert_eq!(truth.read(&here, &key).await, 2);
}

#[tokio::test]
async fn a_tag_drops_l1_copies_and_detaches_loads() {
    let server = RedisServer::start();
    let cache = process(&server);
    let gate = Arc::new(Semaphore::new(0));
    let tag = Tag::new("category", "books");
    let kept = BOTH.key("kept").tagged(tag.clone());
    let loading = BOTH.key("loading").tagged(tag.clone());
    let truth = Truth::of(1);
    truth.read(&cache, &kept).await;
    let old = slow_read(&cache, &loading, &truth, &gate).await;
    truth.write(2);
    cache.invalidate(&[], &[tag]).await;
    assert_eq!(truth.read(&cache, &kept).await, 2);
    assert_eq!(truth.read(&cache, &loading).await, 2);
    gate.add_permits(1);
    old.await.expect("no panic");
    assert_eq!(truth.read(&cache, &loading).await, 2);
}

#[tokio::test]
async fn a_flush_in_the_middle_of_a_load_leaves_nothing_behind() {
    let server = RedisServer::start();
    let cache = process(&server);
    let gate = Arc::new(Semaphore::new(0));
    let tag = Tag::new("category", "books");
    let (key, truth) = (L2_ONLY.key("a").tagged(tag), Truth::of(1));
    let old = slow_read(&cache, &key, &truth, &gate).await;
    let _: () = server.ask(&["FLUSHALL"]);
    gate.add_permits(1);
    old.await.expect("no panic");
    until(&cache, |counters| counters.refused == 1).await;
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 0);
    truth.write(2);
    assert_eq!(truth.read(&cache, &key).await, 2);
}

#[tokio::test]
async fn a_lost_token_is_a_miss() {
    let server = RedisServer::start();
    let cache = process(&server);
    let key = L2_ONLY.key("a").tagged(Tag::new("category", "books"));
    let truth = Truth::of(1);
    truth.read(&cache, &key).await;
    for token in ["{l2only:a}:entry", "{category:books}:tag"] {
        let loads = truth.loads();
        truth.read(&cache, &key).await;
        assert_eq!(truth.loads(), loads);
        assert_eq!(server.ask::<u64>(&["DEL", token]), 1);
        truth.read(&cache, &key).await;
        assert_eq!(truth.loads(), loads + 1);
    }
}

#[tokio::test]
async fn an_invalidation_leaves_nothing_behind() {
    let server = RedisServer::start();
    let cache = process(&server);
    let truth = Truth::of(1);
    let tag = Tag::new("category", "books");
    let keys = [BOTH.key("a").tagged(tag.clone()), BOTH.key("b")];
    for key in &keys {
        truth.read(&cache, key).await;
    }
    let erased: Vec<_> = keys.iter().map(Key::erase).collect();
    assert!(cache.invalidate(&erased, &[tag]).await);
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 0);
    assert!(cache.invalidate(&[], &[]).await, "nothing to do is done");
}

#[tokio::test]
async fn an_invalidation_goes_on_without_its_caller() {
    let server = RedisServer::start();
    let cache = process(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read(&cache, &key).await;
    let erased = [key.erase()];
    let mut invalidation = Box::pin(cache.invalidate(&erased, &[]));
    assert!(futures::poll!(&mut invalidation).is_pending());
    drop(invalidation);
    until(&cache, |counters| counters.invalidations == 1).await;
    truth.write(2);
    assert_eq!(truth.read(&cache, &key).await, 2);
}
