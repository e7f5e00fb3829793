//! A minute's bucket of one function in L2: a hash of counts, in which a measure has
//! a field for each bucket of its histogram that is not empty.

use std::time::Duration;

use cache::redis::{Cmd, cmd};
use cache::{Distribution, Request};

use super::{Batch, KEPT, RESENT_FOR, minute};
use crate::popular::Read;
use crate::totals::{Count, Measure, Totals};

/// How long a bucket remembers which batches it took, in milliseconds.
const REMEMBERS: u64 = 2_000 * RESENT_FOR.as_secs();

/// When which function last wrote, by minute.
pub(super) const FUNCTIONS: &str = "fleet:functions";
/// Names that are known as read, in one hour.
const NAMES: u64 = 10_000;
/// Minutes of an hour.
const HOUR: u64 = 60;
/// Milliseconds of a minute.
const MINUTE: u64 = 60_000;

/// Adds to a hash, once for each batch. `KEYS`: the hash, what remembers the batch.
/// `ARGV`: for how many milliseconds it does, and the hash is kept; then fields and
/// what to add to each.
const ADD: &str = "\
if not redis.call('SET', KEYS[2], '', 'NX', 'PX', ARGV[1]) then return 0 end
for at = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[at], ARGV[at + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1";

/// Adds to the scores of names, of which the highest are kept. `KEYS`: the sorted set.
/// `ARGV`: how many are kept, for how many milliseconds; then names and scores.
const READ: &str = "\
for at = 3, #ARGV, 2 do redis.call('ZINCRBY', KEYS[1], ARGV[at + 1], ARGV[at]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[1] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1";

/// The batches' requests first, in their order.
pub(super) fn writes(
    function: &str,
    batches: &[Batch],
    reads: &[(Read, Vec<(String, u64)>)],
    now: Duration,
) -> Vec<Request> {
    let mut requests: Vec<Request> = batches.iter().map(|batch| add(function, batch)).collect();
    if !batches.is_empty() {
        requests.push(announce(function, minute(now)));
    }
    let reads = reads.iter().filter(|(_, names)| !names.is_empty());
    requests.extend(reads.map(|(what, names)| read(&reads_name(*what, minute(now)), names)));
    requests
}

/// A function's bucket of a minute.
pub(super) fn name(function: &str, minute: u64) -> String {
    format!("fleet:{{{function}}}:{minute}")
}

/// What was read in the hour of a minute.
pub(super) fn reads_name(what: Read, minute: u64) -> String {
    format!("fleet:{{reads}}:{}:{}", what.name(), minute / HOUR)
}

fn add(function: &str, batch: &Batch) -> Request {
    let bucket = name(function, batch.minute);
    let mut add = cmd("EVAL");
    add.arg(ADD).arg(2).arg(&bucket).arg(format!("fleet:{{{function}}}:batch:{:x}", batch.token));
    add.arg(REMEMBERS).arg(KEPT * MINUTE);
    for (field, by) in fields(&batch.totals) {
        add.arg(field).arg(by);
    }
    Request::new(&bucket, vec![add])
}

fn announce(function: &str, minute: u64) -> Request {
    let mut forget = cmd("ZREMRANGEBYSCORE");
    forget.arg(FUNCTIONS).arg("-inf").arg(minute.saturating_sub(KEPT));
    let mut add = cmd("ZADD");
    add.arg(FUNCTIONS).arg(minute).arg(function);
    Request::new(FUNCTIONS, vec![add, forget, expire(FUNCTIONS)])
}

fn expire(name: &str) -> Cmd {
    let mut expire = cmd("PEXPIRE");
    expire.arg(name).arg(KEPT * MINUTE);
    expire
}

fn read(name: &str, reads: &[(String, u64)]) -> Request {
    let mut read = cmd("EVAL");
    read.arg(READ).arg(1).arg(name).arg(NAMES).arg(3 * HOUR * MINUTE);
    for (name, times) in reads {
        read.arg(name).arg(times);
    }
    Request::new(name, vec![read])
}

fn fields(totals: &Totals) -> impl Iterator<Item = (String, u64)> {
    let counts = totals.counts().map(|(count, times)| (count.name().to_owned(), times));
    let measures = totals.measures().flat_map(|(measure, distribution)| {
        distribution.buckets().map(move |(bucket, _, times)| (format!("{}:{bucket}", measure.name()), times))
    });
    counts.chain(measures)
}

/// Adds what a field says; one that another release wrote may say nothing.
pub(super) fn add_field(totals: &mut Totals, field: &str, times: u64) {
    if let Some((measure, bucket)) = field.split_once(':') {
        let (Some(measure), Ok(bucket)) = (Measure::named(measure), bucket.parse()) else { return };
        let mut distribution = Distribution::default();
        distribution.add(bucket, times);
        totals.add_measured(measure, &distribution);
    } else if let Some(count) = Count::named(field) {
        totals.add(count, times);
    }
}
