//! Old values: who gets them, for how long, and that they are never invalidated ones.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cache::{Background, Cache, Config, Job, Key, Kind, ManualClock, Policy, Tag};
use futures::future::join_all;
use tokio::sync::Semaphore;

use crate::flights::until;
use crate::proxy::Proxy;
use crate::redis_server::RedisServer;
use crate::stage::{Broken, FRESH, L1_TIME, Truth, cache, patient};

const REVALIDATE: Duration = Duration::from_mins(5);
const IF_ERROR: Duration = Duration::from_hours(1);
/// Past every entry's age limit with its jitter, within every one's time to revalidate.
const OLD: Duration = Duration::from_secs(661);
/// Past the time to revalidate as well.
const OLDER: Duration = Duration::from_secs(661 + 300);

const POLICY: Policy =
    Policy { fresh: FRESH, stale_while_revalidate: REVALIDATE, stale_if_error: IF_ERROR, ..Policy::PLAIN };
const STALE: Kind<u64> = Kind::new("stale", 1, POLICY);
const IN_L1: Kind<u64> = Kind::new("inl1", 1, Policy { l1: Some(L1_TIME), ..POLICY });
const SOFT: Kind<u64> =
    Kind::new("soft", 1, Policy { soft_timeout: Some(Duration::from_millis(50)), ..POLICY });
const HARD: Kind<u64> =
    Kind::new("hard", 1, Policy { hard_timeout: Some(Duration::from_millis(50)), ..POLICY });

/// What was handed to the background, to be run when the test says so.
#[derive(Clone, Default)]
struct Later(Arc<Mutex<Vec<Job>>>);

impl Later {
    fn background(&self) -> Background {
        let jobs = Arc::clone(&self.0);
        Background::new(move |job| jobs.lock().expect("never poisoned").push(job))
    }

    fn take(&self) -> Vec<Job> {
        std::mem::take(&mut self.0.lock().expect("never poisoned"))
    }

    async fn run(&self) -> usize {
        join_all(self.take()).await.len()
    }
}

struct Scene {
    server: RedisServer,
    clock: ManualClock,
    later: Later,
    here: Cache,
}

fn scene() -> Scene {
    let (server, clock, later) = (RedisServer::start(), ManualClock::new(), Later::default());
    let here = cache(Config { background: later.background(), ..patient(&server, &clock) });
    Scene { server, clock, later, here }
}

async fn fail(cache: &Cache, key: &Key<u64>) -> Result<Option<u64>, Broken> {
    let value = cache.get_or_load(key, || async { Err(Broken) }).await?;
    Ok(value.map(|value| *value))
}

#[tokio::test]
async fn an_old_value_is_served_at_once_and_loaded_anew_afterwards() {
    let Scene { server: _server, clock, later, here } = scene();
    let (key, truth) = (STALE.key("a"), Truth::of(1));
    truth.read(&here, &key).await;
    clock.advance(OLD);
    truth.write(2);
    assert_eq!(truth.read(&here, &key).await, 1);
    assert_eq!(truth.loads(), 1, "the caller did not wait for a load");
    assert_eq!(later.run().await, 1);
    assert_eq!(truth.loads(), 2);
    assert_eq!(truth.read(&here, &key).await, 2);
    assert_eq!((truth.loads(), here.counters().stale), (2, 1));
}

#[tokio::test]
async fn many_who_are_served_an_old_value_leave_one_load() {
    let Scene { server: _server, clock, later, here } = scene();
    let (key, truth) = (STALE.key("a"), Truth::of(1));
    truth.read(&here, &key).await;
    clock.advance(OLD);
    for _ in 0..10 {
        truth.read(&here, &key).await;
    }
    assert_eq!(later.run().await, 1);
}

#[tokio::test]
async fn a_refresh_that_was_dropped_is_queued_again_by_the_next_reader() {
    let Scene { server: _server, clock, later, here } = scene();
    let (key, truth) = (STALE.key("a"), Truth::of(1));
    truth.read(&here, &key).await;
    clock.advance(OLD);
    truth.read(&here, &key).await;
    drop(later.take());
    truth.read(&here, &key).await;
    assert_eq!(later.run().await, 1);
    assert_eq!(truth.loads(), 2);
}

#[tokio::test]
async fn past_its_time_to_revalidate_a_value_is_loaded_first() {
    let Scene { server: _server, clock, later, here } = scene();
    let (key, truth) = (STALE.key("a"), Truth::of(1));
    truth.read(&here, &key).await;
    clock.advance(OLDER);
    truth.write(2);
    assert_eq!(truth.read(&here, &key).await, 2);
    assert_eq!(later.run().await, 0);
}

#[tokio::test]
async fn an_invalidated_value_is_never_served_as_an_old_one() {
    let Scene { server, clock, here, .. } = scene();
    let there = cache(patient(&server, &clock));
    let tag = Tag::new("category", "books");
    let key = STALE.key("a").tagged(tag.clone());
    for (version, by_tag) in [(2, false), (4, true)] {
        let truth = Truth::of(version - 1);
        there.invalidate(&[key.erase()], &[]).await;
        truth.read(&here, &key).await;
        clock.advance(OLD);
        truth.write(version);
        let (keys, tags) = if by_tag { (vec![], vec![tag.clone()]) } else { (vec![key.erase()], vec![]) };
        assert!(there.invalidate(&keys, &tags).await);
        assert_eq!(fail(&here, &key).await, Err(Broken), "also not on an error");
        assert_eq!(truth.read(&here, &key).await, version);
    }
}

#[tokio::test]
async fn when_the_loader_fails_an_old_value_is_served_within_its_time() {
    let Scene { server: _server, clock, here, .. } = scene();
    let key = STALE.key("a");
    Truth::of(1).read(&here, &key).await;
    clock.advance(OLDER);
    assert_eq!(fail(&here, &key).await, Ok(Some(1)));
    clock.advance(IF_ERROR);
    assert_eq!(fail(&here, &key).await, Err(Broken));
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_the_old_value() {
    let Scene { server: _server, clock, later, here } = scene();
    let key = STALE.key("a");
    Truth::of(1).read(&here, &key).await;
    clock.advance(OLD);
    for _ in 0..2 {
        assert_eq!(fail(&here, &key).await, Ok(Some(1)));
        assert_eq!(later.run().await, 1);
    }
    assert_eq!(here.counters().load_errors, 2);
}

/// A loader that waits until the gate opens.
fn gated(
    truth: &Truth,
    gate: &Arc<Semaphore>,
) -> impl FnOnce() -> futures::future::BoxFuture<'static, Result<Option<u64>, Broken>> + Send + 'static {
    let (truth, gate) = (truth.clone(), Arc::clone(gate));
    move || {
        Box::pin(async move {
            let value = truth.load();
            gate.acquire().await.expect("never closed").forget();
            Ok(Some(value))
        })
    }
}

#[tokio::test]
async fn a_refresh_that_an_invalidation_overtakes_is_not_kept() {
    let Scene { server, clock, later, here } = scene();
    let there = cache(patient(&server, &clock));
    let (key, truth, gate) = (STALE.key("a"), Truth::of(1), Arc::new(Semaphore::new(0)));
    truth.read(&here, &key).await;
    clock.advance(OLD);
    here.get_or_load(&key, gated(&truth, &gate)).await.expect("an old value");
    let refresh = tokio::spawn(async move { later.run().await });
    while truth.loads() < 2 {
        tokio::task::yield_now().await;
    }
    truth.write(2);
    assert!(there.invalidate(&[key.erase()], &[]).await);
    gate.add_permits(1);
    assert_eq!(refresh.await.expect("no panic"), 1);
    for cache in [&here, &there] {
        assert_eq!(truth.read(cache, &key).await, 2);
    }
}

#[tokio::test]
async fn a_slow_loader_goes_on_while_all_who_come_get_the_old_value() {
    let Scene { server: _server, clock, here, .. } = scene();
    let (key, truth, gate) = (SOFT.key("a"), Truth::of(1), Arc::new(Semaphore::new(0)));
    truth.read(&here, &key).await;
    clock.advance(OLDER);
    truth.write(2);
    for _ in 0..3 {
        let value = here.get_or_load(&key, gated(&truth, &gate)).await.expect("an old value");
        assert_eq!(value.as_deref(), Some(&1));
    }
    assert_eq!(truth.loads(), 2, "one load goes on");
    gate.add_permits(1);
    while here.counters().stored < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(truth.read(&here, &key).await, 2);
    assert_eq!(truth.loads(), 2);
}

#[tokio::test]
async fn a_load_that_takes_too_long_is_dropped_and_is_an_error() {
    let Scene { server: _server, here, .. } = scene();
    let (key, truth, gate) = (HARD.key("a"), Truth::of(1), Arc::new(Semaphore::new(0)));
    assert_eq!(here.get_or_load(&key, gated(&truth, &gate)).await, Err(Broken));
    gate.add_permits(1);
    assert_eq!(Truth::of(7).read(&here, &key).await, 7, "the next one loads anew");
    assert_eq!(gate.available_permits(), 1, "nobody waits for the gate any more");
}

#[tokio::test]
async fn a_load_that_takes_too_long_is_made_up_for_by_an_old_value() {
    let Scene { server: _server, clock, here, .. } = scene();
    let (key, truth, gate) = (HARD.key("a"), Truth::of(1), Arc::new(Semaphore::new(0)));
    truth.read(&here, &key).await;
    clock.advance(OLDER);
    let value = here.get_or_load(&key, gated(&truth, &gate)).await.expect("an old value");
    assert_eq!(value.as_deref(), Some(&1));
}

#[tokio::test]
async fn the_last_copy_of_l1_makes_up_for_an_error_only_while_l2_cannot_be_asked() {
    let Scene { mut server, clock, here, .. } = scene();
    let key = IN_L1.key("a");
    Truth::of(1).read(&here, &key).await;
    clock.advance(L1_TIME);
    server.kill();
    assert_eq!(fail(&here, &key).await, Ok(Some(1)));
    clock.advance(OLDER);
    assert_eq!(fail(&here, &key).await, Ok(Some(1)));
    clock.advance(IF_ERROR);
    assert_eq!(fail(&here, &key).await, Err(Broken));
}

#[tokio::test]
async fn a_copy_of_l1_for_which_l2_did_not_vouch_makes_up_for_nothing() {
    let Scene { mut server, clock, here, .. } = scene();
    let key = IN_L1.key("a");
    Truth::of(1).read(&here, &key).await;
    clock.advance(L1_TIME);
    let _: () = server.ask(&["FLUSHALL"]);
    assert_eq!(fail(&here, &key).await, Err(Broken), "L2 says that it may be outdated");
    server.kill();
    assert_eq!(fail(&here, &key).await, Err(Broken), "and that is not forgotten");
}

#[tokio::test]
async fn a_slow_loader_is_waited_for_while_l2_cannot_be_asked() {
    const BOTH: Kind<u64> = Kind::new(
        "both",
        1,
        Policy { l1: Some(L1_TIME), soft_timeout: Some(Duration::from_millis(20)), ..POLICY },
    );
    let Scene { mut server, clock, here, .. } = scene();
    let (key, truth, gate) = (BOTH.key("a"), Truth::of(1), Arc::new(Semaphore::new(0)));
    truth.read(&here, &key).await;
    clock.advance(L1_TIME);
    server.kill();
    truth.write(2);
    let open = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        gate.add_permits(1);
    };
    let (value, ()) = tokio::join!(here.get_or_load(&key, gated(&truth, &gate)), open);
    assert_eq!(value.expect("it loads").as_deref(), Some(&2), "the last copy is for errors");
}

/// The invalidation comes after the load has looked into L2, the reader after
/// the invalidation, and both before the loader begins.
#[tokio::test]
async fn who_comes_after_an_invalidation_gets_no_old_value_from_a_load_that_looked_before() {
    let Scene { server, clock, .. } = scene();
    let proxy = Proxy::before(server.port()).await;
    let here = cache(Config { url: Some(proxy.url()), ..patient(&server, &clock) });
    let there = cache(patient(&server, &clock));
    let key = STALE.key("a");
    Truth::of(1).read(&here, &key).await;
    clock.advance(OLDER);
    proxy.delay(Duration::from_millis(150));
    let sets = server.calls("set");
    let read = |here: Cache| {
        let key = key.clone();
        tokio::spawn(async move { fail(&here, &key).await })
    };
    let first = read(here.clone());
    while server.calls("set") == sets {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(there.invalidate(&[key.erase()], &[]).await);
    let second = read(here.clone());
    assert_eq!(second.await.expect("no panic"), Err(Broken));
    first.await.expect("no panic").expect_err("it asked again and found nothing that stands");
}

#[tokio::test]
async fn what_is_found_to_be_gone_is_not_served_as_an_old_value() {
    let Scene { server: _server, clock, later, here } = scene();
    let key = STALE.key("a");
    Truth::of(1).read(&here, &key).await;
    clock.advance(OLD);
    let nothing = || async { Ok::<_, Broken>(None) };
    assert!(here.get_or_load(&key, nothing).await.expect("an old value").is_some());
    assert_eq!(later.run().await, 1);
    assert_ne!(fail(&here, &key).await, Ok(Some(1)));
}

#[tokio::test]
async fn a_refresh_that_is_dropped_on_its_way_does_not_fail_who_came_aboard() {
    let Scene { server: _server, clock, later, here } = scene();
    let (key, truth, gate) = (STALE.key("a"), Truth::of(1), Arc::new(Semaphore::new(0)));
    truth.read(&here, &key).await;
    clock.advance(OLD);
    here.get_or_load(&key, gated(&truth, &gate)).await.expect("an old value");
    let refresh = tokio::spawn(join_all(later.take()));
    while truth.loads() < 2 {
        tokio::task::yield_now().await;
    }
    clock.advance(OLDER);
    let reader = {
        let (here, key, truth) = (here.clone(), key.clone(), truth.clone());
        tokio::spawn(async move { truth.read(&here, &key).await })
    };
    until(&here, |counters| counters.coalesced == 1).await;
    refresh.abort();
    gate.add_permits(1);
    assert_eq!(reader.await.expect("no panic"), 1);
    assert_eq!(truth.loads(), 2);
}

#[tokio::test]
async fn an_invalidated_copy_of_l1_makes_up_for_nothing() {
    let Scene { mut server, clock, here, .. } = scene();
    let tag = Tag::new("category", "books");
    let key = IN_L1.key("a").tagged(tag.clone());
    Truth::of(1).read(&here, &key).await;
    server.kill();
    here.invalidate(&[], &[tag]).await;
    clock.advance(L1_TIME);
    assert_eq!(fail(&here, &key).await, Err(Broken));
}

/// Reads all keys; the loader notes what it was asked for and answers ten times
/// the position.
async fn many(here: &Cache, keys: &[Key<u64>], asked: &Arc<Mutex<Vec<usize>>>) -> Vec<Option<u64>> {
    let asked = Arc::clone(asked);
    let load = move |missing: Vec<usize>| async move {
        asked.lock().expect("never poisoned").extend(&missing);
        Ok::<_, Broken>(missing.into_iter().map(|i| Some(10 * i as u64)).collect())
    };
    let values = here.get_many(keys, load).await.expect("it loads");
    values.into_iter().map(|value| value.map(|value| *value)).collect()
}

#[tokio::test]
async fn old_values_among_many_are_loaded_along_with_what_is_missing() {
    let Scene { server: _server, clock, later, here } = scene();
    let keys = [STALE.key("0"), STALE.key("1"), STALE.key("2")];
    Truth::of(1).read(&here, &keys[1]).await;
    clock.advance(OLD);
    Truth::of(2).read(&here, &keys[2]).await;
    let asked = Arc::default();
    assert_eq!(many(&here, &keys, &asked).await, [Some(0), Some(1), Some(2)]);
    assert_eq!(*asked.lock().expect("never poisoned"), [0, 1]);
    assert_eq!(later.run().await, 0);
    assert_eq!(many(&here, &keys, &asked).await, [Some(0), Some(10), Some(2)]);
}

#[tokio::test]
async fn old_values_among_many_with_nothing_missing_are_loaded_afterwards() {
    let Scene { server: _server, clock, later, here } = scene();
    let keys = [STALE.key("0"), STALE.key("1")];
    Truth::of(1).read(&here, &keys[1]).await;
    clock.advance(OLD);
    Truth::of(5).read(&here, &keys[0]).await;
    let asked = Arc::default();
    assert_eq!(many(&here, &keys, &asked).await, [Some(5), Some(1)]);
    assert_eq!(*asked.lock().expect("never poisoned"), [0; 0]);
    assert_eq!(later.run().await, 1);
    assert_eq!(*asked.lock().expect("never poisoned"), [1]);
    assert_eq!(many(&here, &keys, &asked).await, [Some(5), Some(10)]);
}
