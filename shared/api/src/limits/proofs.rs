//! What the limits promise, tried on both of their forms: the one in Rust, and the
//! one in Lua on a real Redis.
//!
//! Times are of the test's choice, and quotas are slow: no key expires by Redis's
//! own clock while a test runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache::{Cache, Config, Request, redis};
use futures::future::join_all;
use local::testing::Redis;
use monitoring::Monitoring;
use proptest::prelude::*;

use super::gcra::{Decision, Pace};
use super::party::Party;
use super::policy::{Named, Policy, Quota};
use super::{Limiter, Rule, script};

/// Some time in 2026, in microseconds.
const START: u64 = 1_780_000_000_000_000;

/// The form in Rust, of one caller.
#[derive(Default)]
struct InRust {
    even_us: u64,
}

impl InRust {
    fn decide(&mut self, pace: Pace, now_us: u64, requests: u32) -> Decision {
        let decision = pace.decide(self.even_us, now_us, requests);
        if decision.admitted && requests > 0 {
            self.even_us = now_us + decision.debt_us;
        }
        decision
    }
}

/// A process's way to L2.
fn process(redis: &Redis) -> Cache {
    let patient = Duration::from_secs(10);
    let config = Config { url: Some(redis.url()), command_timeout: patient, ..Config::default() };
    Cache::new(config).expect("a good configuration")
}

async fn in_lua(process: &Cache, name: &str, pace: Pace, now_us: u64, requests: u32) -> Decision {
    let request = script::request_at(now_us, name, pace, requests);
    let answer = process.ask(vec![request]).await.pop().expect("an answer");
    script::decision(answer).expect("a decision")
}

/// What Redis answers to a command about a name.
async fn told(process: &Cache, command: &str, name: &str) -> Option<i64> {
    let mut asked = redis::cmd(command);
    asked.arg(name);
    let mut answer = process.ask(vec![Request::new(name, vec![asked])]).await.pop()??;
    redis::from_redis_value(answer.pop()?).ok()?
}

/// A row of the table by which throttled (Go) and redis-cell are tested: five at
/// once and one each second. When it comes, how many requests it is, and then how
/// many remain, when none counts any more, and when it can be let in, if refused.
type Row = (u64, u32, u64, u64, Verdict);

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    LetIn,
    RefusedFor(u64),
    RefusedForEver,
}

use Verdict::{LetIn, RefusedFor, RefusedForEver};

/// Milliseconds of the table; see [`SLOWER`].
#[rustfmt::skip]
const TABLE: [Row; 15] = [
    (0,     6, 5, 0,     RefusedForEver),
    (0,     1, 4, 1_000, LetIn),
    (0,     1, 3, 2_000, LetIn),
    (0,     1, 2, 3_000, LetIn),
    (0,     1, 1, 4_000, LetIn),
    (0,     1, 0, 5_000, LetIn),
    (0,     1, 0, 5_000, RefusedFor(1_000)),
    (3_000, 1, 2, 3_000, LetIn),
    (3_100, 1, 1, 3_900, LetIn),
    (4_000, 1, 1, 4_000, LetIn),
    (8_000, 1, 4, 1_000, LetIn),
    (9_500, 1, 4, 1_000, LetIn),
    (9_500, 0, 4, 1_000, LetIn),
    (9_500, 2, 2, 3_000, LetIn),
    (9_500, 5, 2, 3_000, RefusedFor(3_000)),
];

/// A second of the table is a minute here.
const SLOWER: u32 = 60;

/// The rest of a row, as it came out.
fn row(pace: Pace, at: u64, requests: u32, decision: Decision) -> Row {
    let remaining = pace.remaining(decision.debt_us);
    let milliseconds = |time: Duration| u64::try_from((time / SLOWER).as_millis()).expect("few");
    let wait = pace.wait(decision.debt_us, u64::from(requests));
    let verdict = match decision.admitted {
        true => LetIn,
        false if pace.interval_us * u64::from(requests) > pace.tolerance_us => RefusedForEver,
        false => RefusedFor(milliseconds(wait)),
    };
    (at, requests, remaining, milliseconds(Duration::from_micros(decision.debt_us)), verdict)
}

#[tokio::test]
async fn both_forms_give_the_published_table() {
    let redis = Redis::start().await;
    let (process, mut rust) = (process(&redis), InRust::default());
    let pace = Pace::from(Quota::new(5, 5 * SLOWER));
    for expected in TABLE {
        let (at, requests, ..) = expected;
        let now_us = START + at * 1_000 * u64::from(SLOWER);
        let lua = in_lua(&process, "table", pace, now_us, requests).await;
        assert_eq!(row(pace, at, requests, lua), expected, "in Lua");
        let rust = rust.decide(pace, now_us, requests);
        assert_eq!(row(pace, at, requests, rust), expected, "in Rust");
    }
}

#[tokio::test]
async fn what_is_refused_writes_nothing_and_what_is_let_in_goes_away_by_itself() {
    let redis = Redis::start().await;
    let process = process(&redis);
    let pace = Pace::from(Quota::new(2, 600));
    assert_eq!(told(&process, "GET", "k").await, None);
    in_lua(&process, "k", pace, START, 3).await;
    assert_eq!(told(&process, "GET", "k").await, None, "refused");
    in_lua(&process, "k", pace, START, 2).await;
    let (even_us, left_ms) = (told(&process, "GET", "k").await, told(&process, "PTTL", "k").await);
    assert_eq!(even_us, Some(i64::try_from(START).expect("fits") + 600_000_000));
    assert!(left_ms.is_some_and(|ms| (590_000..=600_000).contains(&ms)), "{left_ms:?}");
    assert!(!in_lua(&process, "k", pace, START + 1_000, 1).await.admitted);
    assert_eq!(told(&process, "GET", "k").await, even_us, "refused");
    assert!(told(&process, "PTTL", "k").await <= left_ms);
}

/// Quotas whose keys outlive a test.
fn quotas() -> impl Strategy<Value = Quota> {
    (1..20_u32, 600..86_400_u32).prop_map(|(requests, seconds)| Quota::new(requests, seconds))
}

/// Who of four processes asks for how many requests, and how much later than the one before: as a
/// part of the quota's time in thousandths.
fn steps(later: std::ops::Range<i64>) -> impl Strategy<Value = Vec<(usize, i64, u32)>> {
    prop::collection::vec((0..4_usize, prop_oneof![Just(0), later], 0..4_u32), 1..40)
}

fn moved(now_us: u64, quota: Quota, thousandths: i64) -> u64 {
    now_us.saturating_add_signed(thousandths * 1_000 * i64::from(quota.seconds))
}

/// No more than the quota, and what comes at its pace, between any two moments.
fn is_within(quota: Quota, admitted: &[(u64, u32)]) -> bool {
    let (most, seconds) = (u128::from(quota.requests), u128::from(quota.seconds));
    (0..admitted.len()).all(|first| {
        let mut sum = 0;
        admitted[first..].iter().all(|(at, requests)| {
            sum += u128::from(*requests);
            let passed_us = u128::from(at - admitted[first].0);
            sum.saturating_sub(most) * seconds * 1_000_000 <= most * passed_us
        })
    })
}

/// A new name for each case.
fn fresh_name() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("case {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

struct Fleet {
    runtime: tokio::runtime::Runtime,
    processes: Vec<Cache>,
    _redis: Redis,
}

impl Fleet {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let redis = runtime.block_on(Redis::start());
        let processes = (0..4).map(|_| process(&redis)).collect();
        Self { runtime, processes, _redis: redis }
    }

    fn decide(&self, process: usize, name: &str, pace: Pace, now_us: u64, requests: u32) -> Decision {
        self.runtime.block_on(in_lua(&self.processes[process], name, pace, now_us, requests))
    }
}

#[test]
fn no_more_than_the_quota_and_its_pace_is_let_in_over_many_processes() {
    let fleet = Fleet::start();
    proptest!(ProptestConfig::with_cases(200), |(quota in quotas(), steps in steps(0..500))| {
        let (name, pace) = (fresh_name(), Pace::from(quota));
        let (mut now_us, mut admitted) = (START, Vec::new());
        for (process, later, requests) in steps {
            now_us = moved(now_us, quota, later);
            if fleet.decide(process, &name, pace, now_us, requests).admitted {
                admitted.push((now_us, requests));
            }
        }
        prop_assert!(is_within(quota, &admitted), "{admitted:?}");
    });
}

#[test]
fn both_forms_agree_whatever_the_clock_does() {
    let fleet = Fleet::start();
    proptest!(ProptestConfig::with_cases(200), |(quota in quotas(), steps in steps(-3_000..3_000))| {
        let (name, pace) = (fresh_name(), Pace::from(quota));
        let (mut now_us, mut rust) = (START, InRust::default());
        for (process, later, requests) in steps {
            now_us = moved(now_us, quota, later);
            let lua = fleet.decide(process, &name, pace, now_us, requests);
            prop_assert_eq!(lua, rust.decide(pace, now_us, requests));
        }
    });
}

proptest! {
    /// After the jump, a caller at her limit gets no more than one who is new would,
    /// and she is not locked out for longer than about two quotas' time.
    #[test]
    fn a_clock_that_is_set_back_neither_locks_out_nor_lets_through(quota in quotas(), back in 1..10_000_i64) {
        let (pace, mut caller) = (Pace::from(quota), InRust::default());
        while caller.decide(pace, START, 1).admitted {}
        let set_back = moved(START, quota, -back);
        let admitted: Vec<_> = (0..3_000)
            .map(|thousandth| moved(set_back, quota, thousandth))
            .filter(|now_us| caller.decide(pace, *now_us, 1).admitted)
            .map(|now_us| (now_us, 1))
            .collect();
        prop_assert!(is_within(quota, &admitted));
        let (first, _) = admitted.first().expect("she is let in again");
        prop_assert!(first - set_back <= pace.tolerance_us + pace.interval_us + 1_000 * u64::from(quota.seconds));
    }
}

/// By L2's own clock, which nobody sets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_ask_at_once_share_one_quota() {
    let redis = Redis::start().await;
    let named = Named { name: "checkout".to_owned(), quota: Quota::new(50, 600) };
    let rules: Vec<_> = (0..8).map(|_| rule(&process(&redis), &named)).collect();
    let start = Instant::now();
    let asked = (0..400).map(|at| {
        let rule = Arc::clone(&rules[at % rules.len()]);
        tokio::spawn(async move { rule.decide(&Party::Address(None)).await.admitted })
    });
    let answers = join_all(asked).await;
    let admitted = answers.into_iter().filter(|answer| *answer.as_ref().expect("an answer")).count();
    let grown = usize::try_from(start.elapsed().as_secs() / 12).expect("a few");
    assert!((50..=50 + grown + 1).contains(&admitted), "{admitted} in {:?}", start.elapsed());
}

fn rule(process: &Cache, named: &Named) -> Arc<Rule> {
    let limiter = Limiter::new(process, &Monitoring::default());
    limiter.shared(Policy(Some(named.clone()))).rule().expect("it is on")
}
