//! Which tier answers, and for how long.

use std::time::Duration;

use cache::{Cache, Config, ConfigError, Kind, ManualClock, PingError, Policy};

use crate::redis_server::RedisServer;
use crate::stage::{BOTH, Broken, FRESH, L1_TIME, L2_ONLY, Truth, cache, patient, process};

#[tokio::test]
async fn a_value_is_loaded_once_then_comes_from_l1_and_elsewhere_from_l2() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let truth = Truth::of(7);
    let key = BOTH.key("a");
    for cache in [&here, &here, &there, &there] {
        assert_eq!(truth.read(cache, &key).await, 7);
    }
    assert_eq!(truth.loads(), 1);
    let (here, there) = (here.counters(), there.counters());
    assert_eq!((here.l1_hits, here.l2_hits, here.misses, here.stored), (1, 0, 1, 1));
    assert_eq!((there.l1_hits, there.l2_hits, there.misses), (1, 1, 0));
}

#[tokio::test]
async fn a_kind_without_l1_asks_l2_each_time() {
    let server = RedisServer::start();
    let cache = process(&server);
    let truth = Truth::of(7);
    for _ in 0..3 {
        truth.read(&cache, &L2_ONLY.key("a")).await;
    }
    let counters = cache.counters();
    assert_eq!((truth.loads(), counters.l1_hits, counters.l2_hits), (1, 0, 2));
}

#[tokio::test]
async fn without_l2_the_process_caches_for_itself() {
    let cache = cache(Config { url: Some(String::new()), ..Config::default() });
    let truth = Truth::of(7);
    truth.read(&cache, &BOTH.key("a")).await;
    truth.read(&cache, &BOTH.key("a")).await;
    assert_eq!(truth.loads(), 1);
    assert!(cache.invalidate(&[BOTH.key("a").erase()], &[]).await);
    truth.write(8);
    assert_eq!(truth.read(&cache, &BOTH.key("a")).await, 8);
    assert_eq!(cache.ping().await, Err(PingError::NotConfigured));
}

#[tokio::test]
async fn not_found_is_answered_and_not_kept() {
    let server = RedisServer::start();
    let cache = process(&server);
    let nothing = || async { Ok::<_, Broken>(None) };
    assert_eq!(cache.get_or_load(&BOTH.key("a"), nothing).await, Ok(None));
    assert_eq!(Truth::of(7).read(&cache, &BOTH.key("a")).await, 7);
}

#[tokio::test]
async fn l1_copies_age_by_the_wall_clock() {
    let server = RedisServer::start();
    let clock = ManualClock::new();
    let cache = cache(patient(&server, &clock));
    let truth = Truth::of(7);
    truth.read(&cache, &BOTH.key("a")).await;
    clock.advance(L1_TIME.saturating_sub(Duration::from_millis(1)));
    truth.read(&cache, &BOTH.key("a")).await;
    assert_eq!(cache.counters().l1_hits, 1);
    clock.advance(Duration::from_millis(1));
    truth.read(&cache, &BOTH.key("a")).await;
    assert_eq!((cache.counters().l1_hits, cache.counters().l2_hits), (1, 1));
}

#[tokio::test]
async fn entries_age_by_the_wall_clock() {
    let server = RedisServer::start();
    let clock = ManualClock::new();
    let cache = cache(patient(&server, &clock));
    let truth = Truth::of(7);
    truth.read(&cache, &BOTH.key("a")).await;
    clock.advance(FRESH.mul_f64(0.89));
    truth.read(&cache, &BOTH.key("a")).await;
    assert_eq!(truth.loads(), 1);
    clock.advance(FRESH.mul_f64(0.22));
    truth.read(&cache, &BOTH.key("a")).await;
    assert_eq!(truth.loads(), 2);
}

#[tokio::test]
async fn a_clock_that_steps_back_makes_no_copy_young_again() {
    let server = RedisServer::start();
    let clock = ManualClock::new();
    let cache = cache(patient(&server, &clock));
    let truth = Truth::of(7);
    truth.read(&cache, &BOTH.key("a")).await;
    clock.advance(Duration::from_secs(3));
    truth.read(&cache, &BOTH.key("a")).await;
    clock.step_back(Duration::from_secs(1));
    truth.read(&cache, &BOTH.key("a")).await;
    assert_eq!((cache.counters().l1_hits, cache.counters().l2_hits), (1, 1));
    clock.step_back(Duration::from_hours(1));
    truth.read(&cache, &BOTH.key("a")).await;
    assert_eq!(truth.loads(), 2, "an entry from the far future has no known age");
}

#[tokio::test]
async fn redis_itself_drops_entries_in_time() {
    let server = RedisServer::start();
    let cache = process(&server);
    Truth::of(7).read(&cache, &BOTH.key("a")).await;
    let entry: i64 = server.ask(&["TTL", "{both:a}:entry"]);
    assert!((500..=660).contains(&entry), "{entry} s, 600 ± 10 %");
}

#[tokio::test]
async fn garbage_in_redis_is_a_miss_and_is_replaced() {
    let server = RedisServer::start();
    let cache = process(&server);
    let truth = Truth::of(7);
    let key = L2_ONLY.key("a");
    truth.read(&cache, &key).await;
    for garbage in ["", "garbage", "\u{ca}\u{1}", "a much longer piece of garbage, over fifty bytes long"] {
        let _: () = server.ask(&["SET", "{l2only:a}:entry", garbage]);
        let loads = truth.loads();
        assert_eq!(truth.read(&cache, &key).await, 7);
        assert_eq!(truth.read(&cache, &key).await, 7);
        assert_eq!(truth.loads(), loads + 1);
    }
    assert!(cache.counters().unreadable >= 4);
}

#[tokio::test]
async fn a_list_where_the_value_should_be_is_a_miss() {
    let server = RedisServer::start();
    let cache = process(&server);
    let _: u64 = server.ask(&["RPUSH", "{both:a}:entry", "1"]);
    assert_eq!(Truth::of(7).read(&cache, &BOTH.key("a")).await, 7);
}

#[tokio::test]
async fn two_formats_of_a_kind_share_a_redis_and_their_invalidations() {
    const NEWER: Kind<String> = Kind::new("both", 2, Policy { fresh: FRESH, ..Policy::PLAIN });
    let server = RedisServer::start();
    let (old, new) = (process(&server), process(&server));
    let truth = Truth::of(7);
    let newer = NEWER.key("a");
    let read_new = || {
        let truth = truth.clone();
        new.get_or_load(&newer, || async move { Ok::<_, Broken>(Some(truth.load().to_string())) })
    };
    truth.read(&old, &BOTH.key("a")).await;
    read_new().await.expect("it loads");
    assert_eq!(truth.loads(), 2);
    read_new().await.expect("it loads");
    assert_eq!(truth.loads(), 2, "it is kept until the other release stores its own");
    truth.write(8);
    old.invalidate(&[BOTH.key("a").erase()], &[]).await;
    let seen = read_new().await.expect("it loads");
    assert_eq!(seen.expect("it is there").as_str(), "8");
}

#[tokio::test]
async fn a_type_that_postcard_cannot_write_is_answered_and_not_kept() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Flat {
        #[serde(flatten)]
        rest: std::collections::BTreeMap<String, u8>,
    }
    const FLAT: Kind<Flat> =
        Kind::new("flat", 1, Policy { fresh: FRESH, l1: Some(L1_TIME), ..Policy::PLAIN });
    let server = RedisServer::start();
    let cache = process(&server);
    for _ in 0..2 {
        let flat = || async { Ok::<_, Broken>(Some(Flat { rest: [("a".to_owned(), 1)].into() })) };
        let value = cache.get_or_load(&FLAT.key("a"), flat).await.expect("it loads");
        assert_eq!(value.expect("it is there").rest.len(), 1);
    }
    assert_eq!((cache.counters().loads, cache.counters().unreadable), (2, 2));
}

#[tokio::test]
async fn l1_stays_within_its_bytes() {
    const PAGE: Kind<Vec<u8>> =
        Kind::new("page", 1, Policy { fresh: FRESH, l1: Some(L1_TIME), ..Policy::PLAIN });
    let bound = 100_000;
    let cache = cache(Config { l1_bytes: bound, ..Config::default() });
    for i in 0..500 {
        let page = || async { Ok::<_, Broken>(Some(vec![1; 1_000])) };
        cache.get_or_load(&PAGE.key(i.to_string()), page).await.expect("it loads");
    }
    let counters = cache.counters();
    assert!(counters.l1_bytes <= bound, "{counters:?}");
    assert!((20..=100).contains(&counters.l1_entries), "{counters:?}");
}

#[tokio::test]
async fn get_many_asks_each_tier_once_and_keeps_the_order() {
    let server = RedisServer::start();
    let (here, there) = (process(&server), process(&server));
    let keys: Vec<_> = (0..10_u64).map(|i| BOTH.key(i.to_string())).collect();
    Truth::of(0).read(&here, &keys[0]).await;
    Truth::of(3).read(&there, &keys[3]).await;
    let before = Calls::so_far(&server);
    let found = many(&here, &keys).await;
    let expected: Vec<_> = (0..10).map(|i| (i != 9).then_some(i)).collect();
    assert_eq!(found, expected);
    let counters = here.counters();
    assert_eq!((counters.l1_hits, counters.l2_hits, counters.loads), (1, 1, 2));
    // The last one comes after the answer.
    while Calls::so_far(&server).eval < before.eval + 8 {
        tokio::task::yield_now().await;
    }
    let calls = Calls::so_far(&server);
    assert_eq!(calls.mget - before.mget, 1, "the look-up");
    assert_eq!(calls.eval - before.eval, 8, "all but 0 and 3 are stored, but 9, whose lease is given back");
    assert_eq!(many(&here, &keys[..9]).await, expected[..9]);
    assert_eq!(Calls::so_far(&server), calls, "L1 has them all");
    assert_eq!(many(&process(&server), &keys[..9]).await, expected[..9]);
    assert_eq!(Calls::so_far(&server), Calls { mget: calls.mget + 1, ..calls }, "L2 has them all");
}

#[derive(Debug, PartialEq, Eq)]
struct Calls {
    mget: u64,
    set: u64,
    eval: u64,
}

impl Calls {
    fn so_far(server: &RedisServer) -> Self {
        Self { mget: server.calls("mget"), set: server.calls("set"), eval: server.calls("eval") }
    }
}

/// Loads each key's own number; there is no 9.
async fn many(cache: &Cache, keys: &[cache::Key<u64>]) -> Vec<Option<u64>> {
    let load = |missing: Vec<usize>| async move {
        Ok::<_, Broken>(missing.into_iter().map(|i| (i != 9).then_some(i as u64)).collect())
    };
    let found = cache.get_many(keys, load).await.expect("it loads");
    found.into_iter().map(|value| value.map(|value| *value)).collect()
}

#[tokio::test]
async fn get_many_takes_keys_of_several_kinds_and_repeated_ones() {
    let server = RedisServer::start();
    let cache = process(&server);
    let keys = [BOTH.key("a"), L2_ONLY.key("a"), BOTH.key("a")];
    let load = |missing: Vec<usize>| async move {
        assert_eq!(missing, [0, 1]);
        Ok::<_, Broken>(vec![Some(1), Some(2)])
    };
    let found = cache.get_many(&keys, load).await.expect("it loads");
    let found: Vec<_> = found.iter().flatten().map(|value| **value).collect();
    assert_eq!(found, [1, 2, 1]);
    assert_eq!(
        cache.get_many(&[], |_| async { Ok::<_, Broken>(Vec::<Option<u64>>::new()) }).await,
        Ok(vec![])
    );
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_without_repeating_its_secrets() {
    let url = "http://user:secret@localhost".to_owned();
    let refused = Cache::new(Config { url: Some(url), ..Config::default() }).expect_err("no Redis");
    assert!(!refused.to_string().contains("secret"), "{refused}");
    let zero = Config { command_timeout: Duration::ZERO, ..Config::default() };
    assert!(matches!(Cache::new(zero), Err(ConfigError::Zero { .. })));
}
