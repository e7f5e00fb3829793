//! One load for all who miss at the same time.

use std::sync::Arc;
use std::time::Duration;

use cache::Cache;
use futures::future::join_all;
use tokio::sync::Semaphore;

use crate::redis_server::RedisServer;
use crate::stage::{BOTH, Broken, L2_ONLY, Truth, process};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_share_one_load() {
    let server = RedisServer::start();
    let cache = process(&server);
    let truth = Truth::of(7);
    let callers = (0..100).map(|_| {
        let (cache, truth) = (cache.clone(), truth.clone());
        tokio::spawn(async move { truth.read(&cache, &L2_ONLY.key("a")).await })
    });
    for value in join_all(callers).await {
        assert_eq!(value.expect("no panic"), 7);
    }
    assert_eq!(truth.loads(), 1);
}

#[tokio::test]
async fn callers_share_a_loads_error_and_the_next_one_loads_anew() {
    let server = RedisServer::start();
    let cache = process(&server);
    let gate = Arc::new(Semaphore::new(0));
    let callers = (0..10).map(|_| failing(&cache, &gate));
    let release = async {
        until(&cache, |counters| counters.coalesced == 9).await;
        gate.add_permits(10);
    };
    let (outcomes, ()) = tokio::join!(join_all(callers), release);
    assert!(outcomes.iter().all(|outcome| *outcome == Err(Broken)));
    assert_eq!((cache.counters().loads, cache.counters().load_errors), (1, 1));
    assert_eq!(Truth::of(7).read(&cache, &BOTH.key("a")).await, 7);
}

async fn failing(cache: &Cache, gate: &Arc<Semaphore>) -> Result<Option<Arc<u64>>, Broken> {
    let gate = Arc::clone(gate);
    let load = || async move {
        let _open = gate.acquire().await.expect("never closed");
        Err(Broken)
    };
    cache.get_or_load(&BOTH.key("a"), load).await
}

/// Waits until the cache has counted what it is waited for.
pub(crate) async fn until(cache: &Cache, reached: impl Fn(&cache::Counters) -> bool) {
    for _ in 0..10_000 {
        if reached(&cache.counters()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    unreachable!("10 s and more went by: {:?}", cache.counters())
}

#[tokio::test]
async fn a_load_goes_on_without_the_caller_who_began_it() {
    let server = RedisServer::start();
    let cache = process(&server);
    let gate = Arc::new(Semaphore::new(0));
    let truth = Truth::of(7);
    let first = tokio::spawn(gated(cache.clone(), truth.clone(), Arc::clone(&gate)));
    until(&cache, |counters| counters.loads == 1).await;
    let second = tokio::spawn(gated(cache.clone(), truth.clone(), Arc::clone(&gate)));
    until(&cache, |counters| counters.coalesced == 1).await;
    first.abort();
    gate.add_permits(1);
    assert_eq!(second.await.expect("no panic"), 7);
    assert_eq!(truth.loads(), 1);
}

async fn gated(cache: Cache, truth: Truth, gate: Arc<Semaphore>) -> u64 {
    let load = || async move {
        let _open = gate.acquire().await.expect("never closed");
        Ok::<_, Broken>(Some(truth.load()))
    };
    *cache.get_or_load(&L2_ONLY.key("a"), load).await.expect("it loads").expect("it is there")
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_is_still_kept() {
    let server = RedisServer::start();
    let cache = process(&server);
    let gate = Arc::new(Semaphore::new(0));
    let truth = Truth::of(7);
    let caller = tokio::spawn(gated(cache.clone(), truth.clone(), Arc::clone(&gate)));
    until(&cache, |counters| counters.loads == 1).await;
    caller.abort();
    gate.add_permits(1);
    until(&cache, |counters| counters.stored == 1).await;
    assert_eq!(truth.read(&cache, &L2_ONLY.key("a")).await, 7);
    assert_eq!(truth.loads(), 1);
}

#[tokio::test]
async fn a_panic_reaches_all_who_share_the_load_and_nobody_after() {
    let server = RedisServer::start();
    let cache = process(&server);
    let gate = Arc::new(Semaphore::new(0));
    let callers: Vec<_> = (0..5).map(|_| tokio::spawn(panicking(cache.clone(), Arc::clone(&gate)))).collect();
    until(&cache, |counters| counters.coalesced == 4).await;
    gate.add_permits(1);
    for caller in join_all(callers).await {
        let panic = caller.expect_err("it panicked").into_panic();
        assert_eq!(panic.downcast_ref::<String>().map(String::as_str), Some("out of cheese"));
    }
    assert_eq!(cache.counters().loads, 1);
    assert_eq!(Truth::of(7).read(&cache, &BOTH.key("a")).await, 7);
}

async fn panicking(cache: Cache, gate: Arc<Semaphore>) {
    let load = || async move {
        let _open = gate.acquire().await.expect("never closed");
        assert!(gate.is_closed(), "out of cheese");
        Err(Broken)
    };
    let _ = cache.get_or_load(&BOTH.key("a"), load).await;
}

#[tokio::test]
async fn a_loader_that_answers_too_few_keys_panics_its_callers() {
    let server = RedisServer::start();
    let cache = process(&server);
    let caller = tokio::spawn(async move {
        let keys = [BOTH.key("a"), BOTH.key("b")];
        let _ = cache.get_many(&keys, |_| async { Ok::<_, Broken>(vec![Some(1)]) }).await;
    });
    assert!(caller.await.expect_err("it panicked").is_panic());
}

#[tokio::test]
async fn get_many_waits_for_what_others_load_and_loads_the_rest() {
    let server = RedisServer::start();
    let cache = process(&server);
    let gate = Arc::new(Semaphore::new(0));
    let other = tokio::spawn(gated(cache.clone(), Truth::of(7), Arc::clone(&gate)));
    until(&cache, |counters| counters.loads == 1).await;
    let keys = [L2_ONLY.key("b"), L2_ONLY.key("a")];
    let load = |missing: Vec<usize>| async move {
        assert_eq!(missing, [0]);
        Ok::<_, Broken>(vec![Some(8)])
    };
    let release = async {
        until(&cache, |counters| counters.loads == 2).await;
        gate.add_permits(1);
    };
    let (found, ()) = tokio::join!(cache.get_many(&keys, load), release);
    let found: Vec<_> = found.expect("it loads").iter().flatten().map(|value| **value).collect();
    assert_eq!(found, [8, 7]);
    assert_eq!(other.await.expect("no panic"), 7);
}

#[tokio::test]
async fn single_reads_join_what_get_many_loads() {
    let server = RedisServer::start();
    let cache = process(&server);
    let gate = Arc::new(Semaphore::new(0));
    let many = tokio::spawn({
        let (cache, gate) = (cache.clone(), Arc::clone(&gate));
        async move {
            let load = |_| async move {
                let _open = gate.acquire().await.expect("never closed");
                Ok::<_, Broken>(vec![Some(1), Some(2)])
            };
            cache.get_many(&[L2_ONLY.key("a"), L2_ONLY.key("b")], load).await
        }
    });
    until(&cache, |counters| counters.loads == 1).await;
    let truth = Truth::of(9);
    let single = tokio::spawn({
        let (cache, truth) = (cache.clone(), truth.clone());
        async move { truth.read(&cache, &L2_ONLY.key("b")).await }
    });
    until(&cache, |counters| counters.coalesced == 1).await;
    gate.add_permits(1);
    assert_eq!(single.await.expect("no panic"), 2);
    assert_eq!(truth.loads(), 0);
    assert!(many.await.expect("no panic").is_ok());
}
