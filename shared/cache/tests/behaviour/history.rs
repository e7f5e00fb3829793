//! What several processes did, checked against what the cache promises.
//!
//! Each key has one truth, a version that only rises. A write raises it and then
//! invalidates; it takes effect at some moment between its beginning and the
//! acknowledgement. So a history of one key is linearizable if and only if no
//! pair of events contradicts the order of the versions:
//!
//! - *fresh*: no read is older than a write that was acknowledged before it began
//!   (in another process, with L1: the L1 seconds before it began);
//! - *real*: no read is newer than any write that had begun when it ended;
//! - *steady*: no read is older than another that ended before it began. This is
//!   asked where L1 is not used and L2 always answers: who is answered by the
//!   loader alone may be ahead of L2, whose invalidation is still on its way.
//!
//! `SEED` repeats a run's choices; the machine's own it cannot repeat.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use fastrand::Rng;

use crate::redis_server::RedisServer;
use crate::worker::{L1_TIME, Patience, Subject, Worker};

const PROCESSES: u64 = 3;

/// What a process did, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) process: u64,
    pub(crate) key: usize,
    pub(crate) version: u64,
    /// Wall clock in microseconds.
    pub(crate) start_us: u64,
    pub(crate) end_us: u64,
    pub(crate) deed: Deed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Read,
    Write { acknowledged: bool },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { process, key, version, start_us, end_us, deed } = self;
        let deed = match deed {
            Deed::Read => "read",
            Deed::Write { acknowledged: true } => "wrote",
            Deed::Write { acknowledged: false } => "tried",
        };
        write!(f, "{process} {deed} {key} {version} {start_us} {end_us}")
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let fields: Vec<&str> = line.split(' ').collect();
        let [process, deed, key, version, start_us, end_us] = fields[..] else { return Err(line.to_owned()) };
        let number = |text: &str| text.parse().map_err(|_| line.to_owned());
        let deed = match deed {
            "read" => Deed::Read,
            other => Deed::Write { acknowledged: other == "wrote" },
        };
        Ok(Self {
            process: number(process)?,
            key: key.parse().map_err(|_| line.to_owned())?,
            version: number(version)?,
            start_us: number(start_us)?,
            end_us: number(end_us)?,
            deed,
        })
    }
}

/// What is promised of a history.
#[derive(Clone, Copy)]
struct Contract {
    /// How long an acknowledged write may go unnoticed in other processes.
    staleness: Duration,
    steady: bool,
}

/// The reads that break the contract.
fn violations(events: &[Event], contract: Contract) -> Vec<String> {
    let reads = events.iter().filter(|event| event.deed == Deed::Read);
    reads.filter_map(|read| broken(read, events, contract).map(|rule| format!("{rule}: {read}"))).collect()
}

fn broken(read: &Event, events: &[Event], contract: Contract) -> Option<&'static str> {
    let staleness_us = u64::try_from(contract.staleness.as_micros()).expect("short");
    let others = || events.iter().filter(|event| event.key == read.key);
    let noticed = |write: &Event| {
        let grace = if write.process == read.process { 0 } else { staleness_us };
        write.deed == Deed::Write { acknowledged: true } && write.end_us + grace < read.start_us
    };
    let begun = |event: &Event| event.deed != Deed::Read && event.start_us <= read.end_us;
    let seen = |other: &Event| other.deed == Deed::Read && other.end_us < read.start_us;
    if others().any(|event| noticed(event) && event.version > read.version) {
        Some("stale")
    } else if read.version > 0 && !others().any(|event| begun(event) && event.version >= read.version) {
        Some("unreal")
    } else if contract.steady && others().any(|event| seen(event) && event.version > read.version) {
        Some("unsteady")
    } else {
        None
    }
}

/// Plays, while the given mischief is done, and answers what was done.
fn play(
    subject: Subject,
    patience: Patience,
    steps: u64,
    mischief: fn(&mut Stage, &mut Rng),
) -> (u64, Vec<Event>) {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    let mut rng = Rng::with_seed(seed);
    let mut stage = Stage::new(subject, patience);
    for (process, worker) in stage.workers.iter_mut().enumerate() {
        worker.tell(&format!("play {process} {} {steps}", rng.u64(..)));
    }
    for _ in 0..40 {
        std::thread::sleep(Duration::from_millis(rng.u64(10..60)));
        mischief(&mut stage, &mut rng);
    }
    (seed, stage.workers.iter_mut().flat_map(Worker::history).collect())
}

struct Stage {
    l2: RedisServer,
    _table: RedisServer,
    workers: Vec<Worker>,
}

impl Stage {
    fn new(subject: Subject, patience: Patience) -> Self {
        let (l2, table) = (RedisServer::start(), RedisServer::start());
        let workers = (0..PROCESSES).map(|_| Worker::start(&l2.url(), &table, subject, patience)).collect();
        Self { l2, _table: table, workers }
    }

    /// Freezes a process for a while.
    fn freeze(&self, rng: &mut Rng) {
        let worker = &self.workers[rng.usize(..self.workers.len())];
        worker.freeze();
        std::thread::sleep(Duration::from_millis(rng.u64(10..150)));
        worker.thaw();
    }

    /// What Redis may lose at any time: everything, or one name.
    fn lose(&self, rng: &mut Rng) {
        let name: Option<String> = self.l2.ask(&["RANDOMKEY"]);
        match name {
            Some(name) if rng.u8(..4) > 0 => drop(self.l2.ask::<u64>(&["DEL", &name])),
            _ => self.l2.ask(&["FLUSHALL"]),
        }
    }

    fn kill_connections(&self) {
        let _: u64 = self.l2.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    }

    fn hang(&self, rng: &mut Rng) {
        self.l2.hang();
        std::thread::sleep(Duration::from_millis(rng.u64(20..200)));
        self.l2.resume();
    }
}

/// What happens on a quiet day: nothing that L2 would not answer in the end.
fn quiet(stage: &mut Stage, rng: &mut Rng) {
    match rng.u8(..3) {
        0 => stage.freeze(rng),
        1 => stage.lose(rng),
        _ => {}
    }
}

fn storm(stage: &mut Stage, rng: &mut Rng) {
    match rng.u8(..5) {
        0 => stage.freeze(rng),
        1 => stage.lose(rng),
        2 => stage.kill_connections(),
        3 => stage.hang(rng),
        _ => {}
    }
}

fn assert_kept(seed: u64, events: &[Event], contract: Contract) {
    let broken = violations(events, contract);
    assert!(broken.is_empty(), "SEED={seed}: {} of {}, first {}", broken.len(), events.len(), broken[0]);
    assert!(events.len() > 1_000, "SEED={seed}: hardly anything was done: {}", events.len());
}

#[test]
fn through_l2_histories_are_linearizable() {
    let (seed, events) = play(Subject::L2Only, Patience::Endless, 300, quiet);
    assert_kept(seed, &events, Contract { staleness: Duration::ZERO, steady: true });
}

#[test]
fn through_l2_no_acknowledged_write_is_missed_in_a_storm() {
    let (seed, events) = play(Subject::L2Only, Patience::Default, 400, storm);
    assert_kept(seed, &events, Contract { staleness: Duration::ZERO, steady: false });
}

#[test]
fn through_l1_staleness_is_bounded_by_its_seconds_in_a_storm() {
    let (seed, events) = play(Subject::InL1, Patience::Default, 400, storm);
    assert_kept(seed, &events, Contract { staleness: L1_TIME, steady: false });
}

#[test]
fn what_is_served_stale_was_not_invalidated_in_a_storm_either() {
    let (seed, events) = play(Subject::Old, Patience::Default, 400, storm);
    assert_kept(seed, &events, Contract { staleness: Duration::ZERO, steady: false });
}

/// The checker is worth something: it finds what is wrong without a fence.
#[test]
fn without_a_fence_acknowledged_writes_are_missed() {
    let (seed, events) = play(Subject::Naive, Patience::Endless, 400, |_, _| {});
    let broken = violations(&events, Contract { staleness: Duration::ZERO, steady: false });
    assert!(broken.iter().any(|broken| broken.starts_with("stale")), "SEED={seed}: {}", events.len());
}

fn event(line: &str) -> Event {
    line.parse().expect("an event")
}

#[test]
fn each_rule_finds_what_breaks_it_and_nothing_else() {
    let strict = Contract { staleness: Duration::ZERO, steady: true };
    let write = event("0 wrote 1 5 100 200");
    let before = ["0 wrote 1 4 1 2", "1 read 1 4 150 300", "1 read 1 5 150 160", "1 read 2 0 900 901"];
    let kept: Vec<Event> = before.into_iter().map(event).chain([write.clone()]).collect();
    assert_eq!(violations(&kept[..2], strict), [""; 0]);
    assert_eq!(violations(&kept[1..3].iter().chain([&write]).cloned().collect::<Vec<_>>(), strict), [""; 0]);
    for (rule, line) in [("stale", "1 read 1 4 201 202"), ("unreal", "1 read 1 6 300 400")] {
        let events = [write.clone(), event(line)];
        assert_eq!(violations(&events, strict), [format!("{rule}: {line}")]);
    }
    let unsteady = [write.clone(), event("1 read 1 5 110 120"), event("2 read 1 4 130 140")];
    assert_eq!(violations(&unsteady, strict), ["unsteady: 2 read 1 4 130 140"]);
    let tried = [event("0 tried 1 5 100 200"), event("1 read 1 4 201 202")];
    assert_eq!(violations(&tried, strict), [""; 0]);
}
