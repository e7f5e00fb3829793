//! The last minutes, read.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cache::redis::{Cmd, FromRedisValue, Value, cmd};
use cache::{Cache, Request};

use super::bucket::{self, FUNCTIONS};
use super::minute;
use crate::popular::Read;
use crate::totals::Totals;

/// Functions that are read: a fleet has some ten.
const FUNCTIONS_AT_MOST: usize = 50;
/// Minutes that are read at once.
const AT_ONCE: usize = 4;
/// Minutes back to which something may still come.
const OPEN: u64 = 2;

/// What happened in some minutes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Whether it is of the whole fleet, or of this process alone.
    pub is_fleet: bool,
    /// By minute since 1970, and by function. The last one is not over.
    pub minutes: BTreeMap<u64, BTreeMap<String, Totals>>,
}

impl Window {
    /// Everything that happened.
    pub fn total(&self) -> Totals {
        let mut total = Totals::default();
        self.minutes.values().flat_map(BTreeMap::values).for_each(|totals| total.merge(totals));
        total
    }

    fn of_nothing(is_fleet: bool, minutes: u64, now: Duration) -> Self {
        Self { is_fleet, minutes: last(minutes, now).map(|minute| (minute, BTreeMap::new())).collect() }
    }

    pub(super) fn of_one(function: &str, own: &BTreeMap<u64, Totals>, minutes: u64, now: Duration) -> Self {
        let mut window = Self::of_nothing(false, minutes, now);
        for (minute, functions) in &mut window.minutes {
            functions.extend(own.get(minute).map(|totals| (function.to_owned(), totals.clone())));
        }
        window
    }
}

fn last(minutes: u64, now: Duration) -> impl Iterator<Item = u64> {
    (minute(now) + 1).saturating_sub(minutes)..=minute(now)
}

/// Reads the window, and remembers the minutes of which nothing more is to come.
#[derive(Default)]
pub(super) struct Reader(Mutex<Minutes>);

/// What each function did, by minute.
type Minutes = BTreeMap<u64, BTreeMap<String, Totals>>;

impl Reader {
    pub(super) async fn window(&self, cache: &Cache, minutes: u64, now: Duration) -> Option<Window> {
        let functions = functions(cache, minutes, now).await?;
        let mut window = Window::of_nothing(true, minutes, now);
        let mut known = self.remembered(minutes, now);
        let unknown: Vec<u64> = last(minutes, now).filter(|minute| !known.contains_key(minute)).collect();
        window.minutes.append(&mut known);
        // Not all at once: each has the time of one command.
        for some in unknown.chunks(AT_ONCE) {
            window.minutes.append(&mut read(cache, &functions, some).await?);
        }
        self.remember(&window, now);
        Some(window)
    }

    fn remembered(&self, minutes: u64, now: Duration) -> Minutes {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last(minutes, now).filter_map(|minute| Some((minute, remembered.get(&minute)?.clone())));
        known.collect()
    }

    fn remember(&self, window: &Window, now: Duration) {
        let closed = window.minutes.range(..minute(now).saturating_sub(OPEN));
        let closed = closed.map(|(minute, functions)| (*minute, functions.clone()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = closed.collect();
    }
}

/// What these functions did in these minutes, in one round trip. What cannot be read in
/// L2 is left out.
async fn read(cache: &Cache, functions: &[String], minutes: &[u64]) -> Option<Minutes> {
    let of_minute = |minute: u64| functions.iter().map(move |function| (minute, function));
    let buckets: Vec<_> = minutes.iter().copied().flat_map(of_minute).collect();
    let requests = buckets.iter().map(|(minute, function)| all_of(&bucket::name(function, *minute)));
    let answers = cache.ask(requests.collect()).await;
    let mut read: Minutes = minutes.iter().map(|minute| (*minute, BTreeMap::new())).collect();
    for ((minute, function), answer) in buckets.into_iter().zip(answers) {
        let totals = totals(answer?.pop()?);
        if !totals.is_empty() {
            read.entry(minute).or_default().insert(function.clone(), totals);
        }
    }
    Some(read)
}

async fn functions(cache: &Cache, minutes: u64, now: Duration) -> Option<Vec<String>> {
    let mut functions = cmd("ZREVRANGEBYSCORE");
    let since = minute(now).saturating_sub(minutes);
    functions.arg(FUNCTIONS).arg("+inf").arg(since).arg("LIMIT").arg(0).arg(FUNCTIONS_AT_MOST);
    one(cache, FUNCTIONS, functions).await
}

fn all_of(name: &str) -> Request {
    let mut all = cmd("HGETALL");
    all.arg(name);
    Request::new(name, vec![all])
}

fn totals(hash: Value) -> Totals {
    let fields = BTreeMap::<String, Value>::from_redis_value(hash).unwrap_or_default();
    let mut totals = Totals::default();
    for (field, times) in fields {
        if let Ok(times) = u64::from_redis_value(times) {
            bucket::add_field(&mut totals, &field, times);
        }
    }
    totals
}

pub(super) async fn most_read(
    cache: &Cache,
    what: Read,
    most: usize,
    now: Duration,
) -> Option<Vec<(String, u64)>> {
    let mut reads = BTreeMap::<String, u64>::new();
    for time in [now, now.saturating_sub(Duration::from_hours(1))] {
        for (name, times) in highest(cache, &bucket::reads_name(what, minute(time)), most).await? {
            *reads.entry(name).or_default() += times;
        }
    }
    let mut reads: Vec<_> = reads.into_iter().collect();
    reads.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    reads.truncate(most);
    Some(reads)
}

async fn highest(cache: &Cache, name: &str, most: usize) -> Option<Vec<(String, u64)>> {
    let mut highest = cmd("ZREVRANGE");
    highest.arg(name).arg(0).arg(most.saturating_sub(1)).arg("WITHSCORES");
    one(cache, name, highest).await
}

async fn one<T: FromRedisValue>(cache: &Cache, name: &str, command: Cmd) -> Option<T> {
    let answer = cache.ask(vec![Request::new(name, vec![command])]).await.pop()??.pop()?;
    T::from_redis_value(answer).ok()
}
