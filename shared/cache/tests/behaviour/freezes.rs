//! Processes that are frozen, as Lambda does it: in the middle of anything, for
//! any time, while the world goes on and their connections die.

use std::time::Duration;

use cache::{Key, Kind, Policy, Tag};

use crate::proxy::Proxy;
use crate::redis_server::RedisServer;
use crate::stage::{Truth, process};
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
async fn assert_recovers(l2: &RedisServer, table: &RedisServer, mut worker: Worker) {
    let truth: u64 = table.ask(&["INCR", "a"]);
    assert!(process(l2).invalidate(&[number("a").erase()], &[]).await);
    worker.thaw();
    worker.tell("read a 20");
    let first = worker.read_answer();
    assert_eq!(first.value, truth);
    assert!(first.took < Duration::from_secs(2), "{first:?}: a deadline of 50 ms, a load of 20 ms");
    // At once, but for the machine: connecting takes a millisecond.
    worker.read_until_cached("a");
    assert_eq!(worker.read("a").value, truth);
}

/// The key under which a worker caches a number.
fn number(id: &str) -> Key<u64> {
    const NUMBER: Kind<u64> = Kind::new("number", 1, Policy::PLAIN);
    NUMBER.key(id).tagged(Tag::new("group", "odd"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_connections_were_closed_meanwhile_is_right_at_once_and_soon_fast() {
    let (l2, table, mut proxy, worker) = frozen().await;
    proxy.cut();
    assert_recovers(&l2, &table, worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_connections_lead_nowhere_is_right_in_its_deadline_and_soon_fast() {
    let (l2, table, mut proxy, worker) = frozen().await;
    proxy.forget();
    assert_recovers(&l2, &table, worker).await;
}

/// What may happen to a fence while the loader that took it is frozen.
#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_wakes_up_stores_nothing_old() {
    let key = number("a");
    for lost in ["invalidated", "flushed", "evicted", "expired"] {
        let (l2, table) = (RedisServer::start(), RedisServer::start());
        let mut worker = Worker::start(&l2.url(), &table, Subject::L2Only, Patience::Endless);
        worker.tell("read a 1000");
        while table.calls("get") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        worker.freeze();
        let truth = Truth::of(table.ask(&["INCR", "a"]));
        let cache = process(&l2);
        match lost {
            "flushed" => l2.ask(&["FLUSHALL"]),
            "evicted" => drop(l2.ask::<u64>(&["DEL", "{number:a}:entry"])),
            "expired" => drop(l2.ask::<u64>(&["PEXPIRE", "{number:a}:entry", "1"])),
            _ => assert!(cache.invalidate(&[key.erase()], &[]).await),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        worker.thaw();
        assert_eq!(worker.read_answer().value, 0, "{lost}: it had the old value in hand");
        assert_eq!(truth.read(&cache, &key).await, 1, "{lost}");
        assert_eq!(worker.read("a").value, 1, "{lost}");
    }
}
