//! "Not found", which is kept for a time of its own, under the same fence.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache::{Cache, Kind, ManualClock, Policy};
use tokio::sync::Semaphore;

use crate::redis_server::RedisServer;
use crate::stage::{Broken, FRESH, L1_TIME, Truth, cache, patient, process};

const SHORT: Duration = Duration::from_secs(30);
const POLICY: Policy = Policy { fresh: FRESH, negative: Some(SHORT), ..Policy::PLAIN };
const PLAIN: Kind<u64> = Kind::new("plain", 1, POLICY);
const IN_L1: Kind<u64> = Kind::new("inl1", 1, Policy { l1: Some(L1_TIME), ..POLICY });

/// Looks for what is not there, and counts how often the loader is asked.
#[derive(Clone, Default)]
struct Nothing(Arc<AtomicU64>);

impl Nothing {
    async fn read(&self, cache: &Cache, kind: &Kind<u64>) {
        let loads = Arc::clone(&self.0);
        let load = || async move {
            loads.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Broken>(None)
        };
        assert_eq!(cache.get_or_load(&kind.key("a"), load).await, Ok(None));
    }

    fn loads(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_once_by_all_processes() {
    let server = RedisServer::start();
    for kind in [PLAIN, IN_L1] {
        let nothing = Nothing::default();
        let (here, there) = (process(&server), process(&server));
        for cache in [&here, &here, &there, &there] {
            nothing.read(cache, &kind).await;
        }
        assert_eq!(nothing.loads(), 1);
    }
}

#[tokio::test]
async fn it_is_kept_for_its_own_short_time() {
    let (server, clock) = (RedisServer::start(), ManualClock::new());
    let (here, nothing) = (cache(patient(&server, &clock)), Nothing::default());
    nothing.read(&here, &PLAIN).await;
    clock.advance(SHORT.mul_f64(0.8));
    nothing.read(&here, &PLAIN).await;
    assert_eq!(nothing.loads(), 1);
    clock.advance(SHORT.mul_f64(0.4));
    nothing.read(&here, &PLAIN).await;
    assert_eq!(nothing.loads(), 2);
}

#[tokio::test]
async fn what_is_created_and_invalidated_is_found() {
    let server = RedisServer::start();
    for kind in [PLAIN, IN_L1] {
        let (here, there) = (process(&server), process(&server));
        Nothing::default().read(&here, &kind).await;
        assert!(here.invalidate(&[kind.key("a").erase()], &[]).await);
        for cache in [&here, &there] {
            assert_eq!(Truth::of(7).read(cache, &kind.key("a")).await, 7);
        }
    }
}

#[tokio::test]
async fn a_look_that_a_creation_overtakes_is_not_kept() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let (gate, begun) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let look = {
        let (here, gate, begun) = (here.clone(), Arc::clone(&gate), Arc::clone(&begun));
        let load = || async move {
            begun.add_permits(1);
            gate.acquire().await.expect("never closed").forget();
            Ok::<_, Broken>(None)
        };
        tokio::spawn(async move { here.get_or_load(&PLAIN.key("a"), load).await })
    };
    begun.acquire().await.expect("never closed").forget();
    assert!(there.invalidate(&[PLAIN.key("a").erase()], &[]).await);
    gate.add_permits(1);
    assert_eq!(look.await.expect("no panic"), Ok(None));
    for cache in [&here, &there] {
        assert_eq!(Truth::of(7).read(cache, &PLAIN.key("a")).await, 7);
    }
}

#[tokio::test]
async fn a_kind_that_does_not_keep_it_asks_each_time_without_waiting_for_a_lease() {
    const FORGETFUL: Kind<u64> =
        Kind::new("forgetful", 1, Policy { lease: Duration::from_mins(10), ..Policy::PLAIN });
    let server = RedisServer::start();
    let (here, there, nothing) = (process(&server), process(&server), Nothing::default());
    for cache in [&here, &there, &here] {
        nothing.read(cache, &FORGETFUL).await;
    }
    assert_eq!(nothing.loads(), 3);
}
