//! The fleet's window, over a real Redis that is also killed and frozen.

use std::time::{Duration, SystemTime};

use cache::redis::{FromRedisValue, cmd};
use cache::{Cache, Config, Request};
use local::testing::Redis;
use monitoring::{Count, Measure, Monitoring, Read, Settings, Totals, Window};

/// A process of a function, in all but name.
struct Process {
    monitoring: Monitoring,
    cache: Cache,
}

impl Process {
    fn of(function: &str, redis: &Redis) -> Self {
        Self::new(function, Some(redis.url()))
    }

    fn new(function: &str, url: Option<String>) -> Self {
        let cache = Cache::new(Config { url, ..Config::default() }).expect("a good configuration");
        let variable = |name: &str| (name == "AWS_LAMBDA_FUNCTION_NAME").then(|| function.to_owned());
        let monitoring = Monitoring::new(Settings::read(&variable).expect("good settings"));
        monitoring.share_through(&cache);
        let (counted, mut before) = (cache.clone(), 0);
        monitoring.source(move |totals| {
            let now = counted.counters().l2_asked;
            totals.add(Count::CacheRequests, now - std::mem::replace(&mut before, now));
        });
        Self { monitoring, cache }
    }

    fn serves(&self, time: Duration) {
        let serving = self.monitoring.serve(SystemTime::UNIX_EPOCH);
        self.monitoring.count(Count::Requests, 1);
        self.monitoring.took(Measure::RequestTime, time);
        drop(serving);
    }

    async fn ends(&self) {
        self.monitoring.end(Duration::from_secs(10)).await;
    }

    /// Has little time to end in.
    async fn is_cut_off(&self) {
        self.monitoring.end(Duration::from_millis(200)).await;
    }

    async fn window(&self) -> Window {
        self.monitoring.window(5).await.expect("L2 tells")
    }

    async fn total(&self) -> Totals {
        self.window().await.total()
    }
}

/// From 1 to 100 ms, of which none is like another.
fn times() -> impl Iterator<Item = Duration> {
    (0..1_000).map(|at| Duration::from_micros(1_000 + (at * 7_919 % 1_000) * 99))
}

#[tokio::test]
async fn what_all_processes_counted_adds_up() {
    let redis = Redis::start().await;
    let fleet = ["products", "products", "orders"].map(|function| Process::of(function, &redis));
    for (at, time) in times().enumerate() {
        fleet[at % 3].serves(time);
        tokio::task::yield_now().await;
    }
    for process in &fleet {
        process.ends().await;
    }
    let window = fleet[0].window().await;
    let (total, mut exact) = (window.total(), times().collect::<Vec<_>>());
    assert!(window.is_fleet);
    assert_eq!((total.count(Count::Requests), total.measured(Measure::RequestTime)), (1_000, 1_000));
    exact.sort_unstable();
    for percent in [50, 95, 99] {
        let told = total.time_at_percent(Measure::RequestTime, percent).expect("there were some");
        let exact = exact[usize::try_from(percent * 10 - 1).expect("it fits")];
        let error = told.abs_diff(exact).as_secs_f64() / exact.as_secs_f64();
        assert!(error < 0.05, "p{percent}: {told:?} for {exact:?}");
    }
    let orders = window.minutes.values().filter_map(|functions| functions.get("orders"));
    assert_eq!(orders.map(|totals| totals.count(Count::Requests)).sum::<u64>(), 333);
}

#[tokio::test]
async fn a_hundred_answers_leave_by_themselves() {
    let redis = Redis::start().await;
    let process = Process::of("products", &redis);
    for _ in 0..101 {
        process.serves(Duration::from_millis(1));
    }
    process.monitoring.after_response().idle().await;
    assert_eq!(process.total().await.count(Count::Requests), 101, "the first one did alone");
}

#[tokio::test]
async fn what_was_not_acknowledged_is_sent_again_and_counts_once() {
    let redis = Redis::start().await;
    let process = Process::of("products", &redis);
    process.cache.ping().await.expect("it is connected");
    redis.freeze();
    process.serves(Duration::from_millis(1));
    process.is_cut_off().await;
    redis.thaw(); // and it carries out what it had been sent
    reached(&process).await;
    process.ends().await;
    process.ends().await;
    assert_eq!(process.total().await.count(Count::Requests), 1);
}

#[tokio::test]
async fn while_the_cache_is_dead_counts_wait_and_nobody_else() {
    let mut redis = Redis::start().await;
    let process = Process::of("products", &redis);
    process.cache.ping().await.expect("it is connected");
    redis.kill().await;
    process.serves(Duration::from_millis(1));
    process.is_cut_off().await;
    assert_eq!(process.monitoring.window(5).await, None);
    redis.restart().await;
    reached(&process).await;
    process.ends().await;
    assert_eq!(process.total().await.count(Count::Requests), 1);
}

#[tokio::test]
async fn a_process_that_ends_tries_again_while_it_has_time() {
    let mut redis = Redis::start().await;
    let process = Process::of("products", &redis);
    process.cache.ping().await.expect("it is connected");
    redis.kill().await;
    process.serves(Duration::from_millis(1));
    let returns = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        redis.restart().await;
    };
    tokio::join!(process.ends(), returns);
    reached(&process).await;
    assert_eq!(process.total().await.count(Count::Requests), 1);
}

/// Until the cache is connected again.
async fn reached(process: &Process) {
    for _ in 0..100 {
        if process.cache.ping().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("10 s went by")
}

#[tokio::test]
async fn without_a_shared_cache_a_process_knows_itself() {
    let process = Process::new("products", None);
    process.serves(Duration::from_millis(1));
    process.ends().await;
    let window = process.window().await;
    assert!(!window.is_fleet);
    assert_eq!((window.total().count(Count::Requests), window.minutes.len()), (1, 5));
    assert_eq!(process.monitoring.most_read(Read::Product, 5).await, None);
}

#[tokio::test]
async fn an_idle_process_tells_nothing() {
    let redis = Redis::start().await;
    let process = Process::of("products", &redis);
    process.ends().await;
    assert!(process.total().await.is_empty());
    process.serves(Duration::from_millis(1));
    process.ends().await;
    let total = process.total().await;
    assert_eq!(total.measured(Measure::MemoryUsed), 1, "it tells its memory with what it did");
    process.ends().await;
    assert_eq!(process.total().await, total, "nor that it told something");
}

#[tokio::test]
async fn the_most_read_are_known_to_all() {
    let redis = Redis::start().await;
    let [here, there] = ["products", "carts"].map(|function| Process::of(function, &redis));
    for process in [&here, &there] {
        (0..3).for_each(|_| process.monitoring.read(Read::Product, "tea-pot"));
        process.monitoring.read(Read::Product, "cup");
        process.monitoring.read(Read::Category, "kitchen");
        process.ends().await;
    }
    let read = here.monitoring.most_read(Read::Product, 5).await.expect("L2 tells");
    assert_eq!(read, [("tea-pot".to_owned(), 6), ("cup".to_owned(), 2)]);
    let read = here.monitoring.most_read(Read::Category, 5).await.expect("L2 tells");
    assert_eq!(read, [("kitchen".to_owned(), 2)]);
}

#[tokio::test]
async fn a_minutes_bucket_stays_small_whatever_is_measured_and_does_not_stay_for_ever() {
    let redis = Redis::start().await;
    let process = Process::of("products", &redis);
    for exponent in 0..36 {
        (0..200).for_each(|step| process.monitoring.took(Measure::RequestTime, ns(exponent, step)));
    }
    process.ends().await;
    let minute = *process.window().await.minutes.iter().find(|(_, of)| !of.is_empty()).expect("one").0;
    let name = format!("fleet:{{products}}:{minute}");
    let [mut size, mut ttl] = ["MEMORY", "PTTL"].map(cmd);
    size.arg("USAGE").arg(&name);
    ttl.arg(&name);
    let answer = process.cache.ask(vec![Request::new(&name, vec![size, ttl])]).await.pop().flatten();
    let [size, ttl] = <[u64; 2]>::try_from(
        Vec::<u64>::from_redis_value(cache::redis::Value::Array(answer.expect("L2 tells"))).expect("numbers"),
    )
    .expect("two");
    assert!(size < 64 * 1024, "{size} bytes for the widest histogram there can be");
    assert!(ttl <= 30 * 60_000, "{ttl} ms");
}

fn ns(exponent: u32, step: u64) -> Duration {
    Duration::from_nanos((1 << exponent) + (step << exponent) / 200)
}
