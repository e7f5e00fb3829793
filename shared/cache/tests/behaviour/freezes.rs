//! Processes that are frozen, as Lambda does it: in the middle of anything, for
//! any time, while the world goes on and their connections die.

use std::time::Duration;

use crate::proxy::Proxy;
use crate::redis_server::RedisServer;
use crate::stage::{FRESH, Truth, process};
use crate::worker::{Patience, Subject, Worker};

/// A process behind a network of its own, a key in its cache, and then frozen for
/// long enough to have something to find out.
async fn frozen() -> (RedisServer, RedisServer, Proxy, Worker) {
    let (l2, table) = (RedisServer::start(), RedisServer::start());
    let proxy = Proxy::before(l2.port()).await;
    let mut worker = Worker::start(&proxy.url(), &table, Subject::L2Only, Patience::Default);
    worker.read_until_cached("a");
    worker.freeze();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    (l2, table, proxy, worker)
}

/// The first answer after the thaw is right and comes in time; then L2 is used.
fn assert_recovers(mut worker: Worker, table: &RedisServer) {
    let truth: u64 = table.ask(&["INCR", "a"]);
    worker.thaw();
    worker.tell("read a 20");
    let first = worker.read_answer();
    if first.loaded {
        assert_eq!(first.value, truth);
    }
    assert!(first.took < Duration::from_secs(2), "{first:?}: a deadline of 50 ms, a load of 20 ms");
    std::thread::sleep(Duration::from_millis(300));
    let second = worker.read("a");
    assert!(!second.loaded, "{first:?}, then {second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_connections_were_closed_meanwhile_is_right_at_once_and_soon_fast() {
    let (_l2, table, mut proxy, worker) = frozen().await;
    proxy.cut();
    assert_recovers(worker, &table);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_connections_lead_nowhere_is_right_in_its_deadline_and_soon_fast() {
    let (_l2, table, mut proxy, worker) = frozen().await;
    proxy.forget();
    assert_recovers(worker, &table);
}

/// What may happen to a fence while the loader that took it is frozen.
#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_wakes_up_stores_nothing_old() {
    let here = |l2: &RedisServer| process(l2);
    let key = cache::Kind::<u64>::new("number", 1, cache::Policy { fresh: FRESH, ..cache::Policy::PLAIN })
        .key("a")
        .tagged(cache::Tag::new("group", "odd"));
    for lost in ["invalidated", "flushed", "evicted", "expired"] {
        let (l2, table) = (RedisServer::start(), RedisServer::start());
        let mut worker = Worker::start(&l2.url(), &table, Subject::L2Only, Patience::Endless);
        worker.tell("read a 300");
        tokio::time::sleep(Duration::from_millis(150)).await;
        worker.freeze();
        let truth = Truth::of(table.ask(&["INCR", "a"]));
        let cache = here(&l2);
        match lost {
            "flushed" => l2.ask(&["FLUSHALL"]),
            "evicted" => drop(l2.ask::<u64>(&["DEL", "{number:a}:fence"])),
            "expired" => drop(l2.ask::<u64>(&["PEXPIRE", "{number:a}:fence", "1"])),
            _ => assert!(cache.invalidate(&[key.erase()], &[]).await),
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        worker.thaw();
        assert_eq!(worker.read_answer().value, 0, "{lost}: it had the old value in hand");
        assert_eq!(truth.read(&cache, &key).await, 1, "{lost}");
        assert_eq!(worker.read("a").value, 1, "{lost}");
    }
}
