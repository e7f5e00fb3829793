//! A dead, hung or demoted Redis costs speed, never an answer or the truth.

use std::time::{Duration, Instant};

use cache::{Cache, Config, ManualClock, PingError};

use crate::proxy::Proxy;
use crate::redis_server::RedisServer;
use crate::stage::{BOTH, L1_TIME, L2_ONLY, Truth, cache, patient, process};

/// With the deadlines of production, whose time-outs these tests are about.
fn impatient(server: &RedisServer) -> Cache {
    cache(Config { url: Some(server.url()), ..Config::default() })
}

/// Reads keys of their own until `count` have been answered.
async fn read_some(cache: &Cache, count: u64) {
    for i in 0..count {
        let key = L2_ONLY.key(format!("some-{i}"));
        assert_eq!(Truth::of(i).read(cache, &key).await, i);
    }
}

#[tokio::test]
async fn with_redis_killed_every_read_answers_and_with_it_back_it_is_used_again() {
    let mut server = RedisServer::start();
    let cache = process(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    server.kill();
    read_some(&cache, 100).await;
    assert!(matches!(cache.ping().await, Err(PingError::Unreachable { .. })));
    server.restart();
    truth.read_until_cached(&cache, &key).await;
    assert!(cache.ping().await.is_ok());
}

#[tokio::test]
async fn without_a_redis_to_begin_with_every_read_answers_and_l1_works() {
    let mut server = RedisServer::start();
    server.kill();
    let cache = process(&server);
    read_some(&cache, 100).await;
    let truth = Truth::of(1);
    truth.read(&cache, &BOTH.key("a")).await;
    truth.read(&cache, &BOTH.key("a")).await;
    assert_eq!(truth.loads(), 1);
    server.restart();
    truth.read_until_cached(&cache, &L2_ONLY.key("a")).await;
}

#[tokio::test]
async fn l1_works_within_its_seconds_while_redis_is_dead() {
    let mut server = RedisServer::start();
    let clock = ManualClock::new();
    let cache = cache(patient(&server, &clock));
    let (key, truth) = (BOTH.key("a"), Truth::of(1));
    truth.read(&cache, &key).await;
    server.kill();
    truth.write(2);
    assert_eq!(truth.read(&cache, &key).await, 1);
    clock.advance(L1_TIME);
    assert_eq!(truth.read(&cache, &key).await, 2);
}

#[tokio::test]
async fn a_hung_redis_delays_a_few_reads_and_not_each() {
    let server = RedisServer::start();
    let cache = impatient(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    server.hang();
    let since = Instant::now();
    read_some(&cache, 1_000).await;
    // Each waiting for its deadline would be 50 s and more.
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    server.resume();
    truth.read_until_cached(&cache, &key).await;
}

#[tokio::test]
async fn an_invalidation_that_a_hung_redis_did_not_take_is_not_lost() {
    let server = RedisServer::start();
    let (here, there) = (impatient(&server), process(&server));
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&here, &key).await;
    truth.read(&there, &key).await;
    server.hang();
    truth.write(2);
    assert!(!here.invalidate(&[key.erase()], &[]).await);
    assert_eq!(truth.read(&here, &key).await, 2);
    server.resume();
    for _ in 0..100 {
        assert_eq!(truth.read(&here, &key).await, 2);
    }
    truth.read_until_cached(&here, &key).await;
    assert_eq!(truth.read(&there, &key).await, 2, "paid before anything was read");
}

#[tokio::test]
async fn a_patient_invalidation_is_acknowledged_past_an_open_breaker_or_says_that_it_is_not() {
    let server = RedisServer::start();
    let (here, there) = (impatient(&server), process(&server));
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&here, &key).await;
    truth.read_until_cached(&there, &key).await;
    server.hang();
    read_some(&here, 10).await; // and the breaker is open
    truth.write(2);
    let (erased, short) = ([key.erase()], Duration::from_millis(100));
    assert!(!here.invalidate_patiently(&erased, &[], short).await);
    let patient = here.invalidate_patiently(&erased, &[], Duration::from_mins(1));
    let (acknowledged, ()) = tokio::join!(patient, async {
        tokio::time::sleep(short).await;
        server.resume();
    });
    assert!(acknowledged);
    assert_eq!(truth.read(&there, &key).await, 2, "in L2 by the time that it says so");
}

#[tokio::test]
async fn a_slow_redis_is_left_and_used_again_once_it_is_fast() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port()).await;
    let cache = cache(Config { url: Some(proxy.url()), ..Config::default() });
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    proxy.delay(Duration::from_millis(200));
    read_some(&cache, 1_000).await;
    let counters = cache.counters();
    assert!(counters.l2_errors < 20 && counters.l2_skipped > 500, "few find out for all: {counters:?}");
    proxy.pass();
    truth.read_until_cached(&cache, &key).await;
}

#[tokio::test]
async fn a_server_that_accepts_and_never_answers_delays_the_first_reads_only() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port()).await;
    proxy.swallow();
    let cache = cache(Config { url: Some(proxy.url()), ..Config::default() });
    read_some(&cache, 1_000).await;
    assert!(cache.counters().l2_skipped > 900, "{:?}", cache.counters());
    proxy.pass();
    truth_is_cached_again(&cache).await;
}

async fn truth_is_cached_again(cache: &Cache) {
    Truth::of(1).read_until_cached(cache, &L2_ONLY.key("a")).await;
}

#[tokio::test]
async fn a_redis_that_is_loading_its_dump_is_waited_for_in_the_background() {
    let mut server = RedisServer::start();
    let cache = impatient(&server);
    truth_is_cached_again(&cache).await;
    server.restart_loading();
    let said: redis::RedisResult<String> = server.try_ask(&["GET", "a"]);
    assert_eq!(said.expect_err("it is loading").code(), Some("LOADING"));
    read_some(&cache, 100).await;
    server.finish_loading();
    truth_is_cached_again(&cache).await;
}

#[tokio::test]
async fn a_redis_that_restarts_empty_is_filled_again() {
    let mut server = RedisServer::start();
    let cache = process(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    server.kill();
    server.restart();
    truth.write(2);
    cache.invalidate(&[key.erase()], &[]).await;
    assert_eq!(truth.read(&cache, &key).await, 2);
    truth.read_until_cached(&cache, &key).await;
    assert_eq!(truth.read(&process(&server), &key).await, 2);
}

#[tokio::test]
async fn a_wrong_password_costs_the_cache_and_nothing_else() {
    let server = RedisServer::start();
    let _: () = server.ask(&["ACL", "SETUSER", "app", "on", ">right", "~*", "+@all"]);
    let url = |password| format!("redis://app:{password}@127.0.0.1:{}", server.port());
    let with = |password| cache(Config { url: Some(url(password)), ..patient(&server, &ManualClock::new()) });
    let wrong = with("wrong");
    read_some(&wrong, 100).await;
    let Err(PingError::Unreachable { reason }) = wrong.ping().await else { unreachable!("it got in") };
    assert!(!reason.contains("wrong"), "{reason}");
    truth_is_cached_again(&with("right")).await;
}

/// Makes Redis deny `UNLINK`, or allow it again: a fault that hits invalidations
/// alone, while every value stays where it is.
fn permit_unlink(server: &RedisServer, permitted: bool) {
    let rule = if permitted { "+unlink" } else { "-unlink" };
    let _: () = server.ask(&["ACL", "SETUSER", "default", rule]);
}

#[tokio::test]
async fn while_an_invalidation_is_owed_l2_is_not_read() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&here, &key).await;
    permit_unlink(&server, false);
    truth.write(2);
    assert!(!here.invalidate(&[key.erase()], &[]).await);
    assert_eq!(truth.read(&there, &key).await, 1, "still in L2");
    let until = Instant::now() + Duration::from_millis(1_500);
    while Instant::now() < until {
        assert_eq!(truth.read(&here, &key).await, 2);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    permit_unlink(&server, true);
    truth.read_until_cached(&here, &key).await;
    assert_eq!(truth.read(&there, &key).await, 2);
}

#[tokio::test]
async fn too_many_owed_invalidations_drop_every_entry() {
    let server = RedisServer::start();
    let config = Config { owed_limit: 5, ..patient(&server, &ManualClock::new()) };
    let (here, there) = (cache(config), process(&server));
    let truth = Truth::of(1);
    let keys: Vec<_> = (0..2_000).map(|i| L2_ONLY.key(i.to_string())).collect();
    for key in &keys {
        truth.read(&here, key).await;
    }
    permit_unlink(&server, false);
    truth.write(2);
    for key in &keys[..10] {
        assert!(!here.invalidate(&[key.erase()], &[]).await);
    }
    permit_unlink(&server, true);
    truth.read_until_cached(&here, &keys[0]).await;
    for key in &keys {
        assert_eq!(truth.read(&there, key).await, 2);
    }
}

#[tokio::test]
async fn a_demoted_redis_is_left_and_used_again_once_promoted() {
    let server = RedisServer::start();
    let cache = process(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    let _: () = server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    truth.write(2);
    assert!(!cache.invalidate(&[key.erase()], &[]).await);
    assert_eq!(truth.read(&cache, &key).await, 2);
    let _: () = server.ask(&["REPLICAOF", "NO", "ONE"]);
    truth.read_until_cached(&cache, &key).await;
    assert_eq!(truth.read(&cache, &key).await, 2);
}

#[tokio::test]
async fn a_redis_that_is_demoted_behind_our_back_is_not_read_for_long() {
    let server = RedisServer::start();
    let cache = process(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    let _: () = server.ask(&["REPLICAOF", "127.0.0.1", "1"]);
    // Whoever writes now invalidates at the new primary.
    truth.write(2);
    let since = Instant::now();
    while truth.read(&cache, &key).await != 2 {
        assert!(since.elapsed() < Duration::from_secs(20), "it is still read");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(cache.counters().l2_errors > 0);
}

#[tokio::test]
async fn many_misses_on_a_full_redis_do_not_keep_it_from_being_read() {
    let server = RedisServer::start();
    let cache = process(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    let _: () = server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let misses = (0..50).map(|i| read_some_of(&cache, i));
    futures::future::join_all(misses).await;
    let loads = truth.loads();
    truth.read(&cache, &key).await;
    assert_eq!(truth.loads(), loads);
}

async fn read_some_of(cache: &Cache, i: u64) {
    assert_eq!(Truth::of(i).read(cache, &L2_ONLY.key(format!("one-{i}"))).await, i);
}

#[tokio::test]
async fn a_full_redis_that_refuses_writes_is_still_read() {
    let server = RedisServer::start();
    let cache = process(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    let _: () = server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    for i in 0..10 {
        read_some(&cache, i).await;
        let loads = truth.loads();
        truth.read(&cache, &key).await;
        assert_eq!(truth.loads(), loads);
    }
}

#[tokio::test]
async fn broken_connections_are_replaced() {
    let server = RedisServer::start();
    let cache = process(&server);
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    for _ in 0..3 {
        truth.read_until_cached(&cache, &key).await;
        let _: u64 = server.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        assert_eq!(truth.read(&cache, &key).await, 1);
    }
    truth.read_until_cached(&cache, &key).await;
}

#[tokio::test]
async fn a_dropped_cache_leaves_no_connection_and_no_prober() {
    let server = RedisServer::start();
    let cache = process(&server);
    cache.ping().await.expect("it is up");
    assert_eq!(connections(&server), 2);
    drop(cache);
    for _ in 0..1_000 {
        if connections(&server) == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    unreachable!("10 s later it is still connected");
}

/// Clients of the server, the one that asks included.
fn connections(server: &RedisServer) -> usize {
    server.ask::<String>(&["CLIENT", "LIST", "TYPE", "normal"]).lines().count()
}
