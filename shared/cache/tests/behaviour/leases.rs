//! One load across processes, for as long as that helps.

use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, Key, Kind, Policy};
use futures::future::join_all;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::flights::until;
use crate::redis_server::RedisServer;
use crate::stage::{Broken, Truth, process};

/// A lease that no test outlives: who waits for its end has failed.
const LONG: Kind<u64> = Kind::new("long", 1, Policy { lease: Duration::from_mins(10), ..Policy::PLAIN });
const SHORT: Kind<u64> = Kind::new("short", 1, Policy { lease: Duration::from_millis(300), ..Policy::PLAIN });

type Read = JoinHandle<Result<Option<Arc<u64>>, Broken>>;

/// A read whose load has begun and ends when the gate opens: well, or badly.
async fn held(
    cache: &Cache,
    key: &Key<u64>,
    answer: Result<Option<u64>, Broken>,
    gate: &Arc<Semaphore>,
) -> Read {
    let begun = Arc::new(Semaphore::new(0));
    let (cache, key, gate, begins) = (cache.clone(), key.clone(), Arc::clone(gate), Arc::clone(&begun));
    let load = || async move {
        begins.add_permits(1);
        gate.acquire().await.expect("never closed").forget();
        answer
    };
    let read = tokio::spawn(async move { cache.get_or_load(&key, load).await });
    begun.acquire().await.expect("never closed").forget();
    read
}

#[tokio::test]
async fn eight_processes_of_a_hundred_callers_load_once() {
    let server = RedisServer::start();
    let truth = Truth::of(7);
    let processes: Vec<Cache> = (0..8).map(|_| process(&server)).collect();
    let callers = processes.iter().flat_map(|cache| std::iter::repeat_n(cache, 100)).map(|cache| {
        let truth = truth.clone();
        async move {
            let load = || async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok::<_, Broken>(Some(truth.load()))
            };
            cache.get_or_load(&LONG.key("a"), load).await
        }
    });
    for read in join_all(callers).await {
        assert_eq!(read, Ok(Some(Arc::new(7))));
    }
    assert_eq!(truth.loads(), 1);
}

#[tokio::test]
async fn a_load_that_fails_lets_the_next_process_load_at_once() {
    let server = RedisServer::start();
    let (here, there, gate) = (process(&server), process(&server), Arc::new(Semaphore::new(0)));
    let failing = held(&here, &LONG.key("a"), Err(Broken), &gate).await;
    let truth = Truth::of(7);
    let next = {
        let (there, truth) = (there.clone(), truth.clone());
        tokio::spawn(async move { truth.read(&there, &LONG.key("a")).await })
    };
    until(&there, |counters| counters.misses == 1).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(truth.loads(), 0, "it waits for the first");
    gate.add_permits(1);
    assert_eq!(failing.await.expect("no panic"), Err(Broken));
    assert_eq!(next.await.expect("no panic"), 7);
}

#[tokio::test]
async fn a_load_that_never_ends_keeps_others_waiting_for_its_lease_only() {
    let server = RedisServer::start();
    let (here, there, gate) = (process(&server), process(&server), Arc::new(Semaphore::new(0)));
    let hung = held(&here, &SHORT.key("a"), Ok(Some(1)), &gate).await;
    assert_eq!(Truth::of(7).read(&there, &SHORT.key("a")).await, 7);
    gate.add_permits(1);
    let late = hung.await.expect("no panic");
    assert_eq!(late, Ok(Some(Arc::new(7))), "what stands by then is what it answers");
}

#[tokio::test]
async fn an_invalidation_takes_the_lease_along() {
    let server = RedisServer::start();
    let (here, there, gate) = (process(&server), process(&server), Arc::new(Semaphore::new(0)));
    let _outdated = held(&here, &LONG.key("a"), Ok(Some(1)), &gate).await;
    assert!(there.invalidate(&[LONG.key("a").erase()], &[]).await);
    assert_eq!(Truth::of(7).read(&there, &LONG.key("a")).await, 7, "it does not wait for the first");
}

#[tokio::test]
async fn who_holds_one_lease_waits_for_no_other() {
    let server = RedisServer::start();
    let (here, there, gate) = (process(&server), process(&server), Arc::new(Semaphore::new(0)));
    let _held = held(&here, &LONG.key("a"), Ok(Some(1)), &gate).await;
    let keys = [LONG.key("a"), LONG.key("b")];
    let load = |missing: Vec<usize>| async move {
        Ok::<_, Broken>(missing.into_iter().map(|i| Some(i as u64)).collect())
    };
    let values = there.get_many(&keys, load).await.expect("it loads");
    assert_eq!(values, [Some(Arc::new(0)), Some(Arc::new(1))]);
}
