//! A process of its own that reads and writes through a cache, as it is told.
//!
//! The test binary starts itself again in this role. A line on its standard
//! input is an order, a line with a mark on its standard output an answer. What
//! is cached stands in a second Redis, which never fails.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cache::{Cache, Config, Key, Kind, Policy, Tag};
use fastrand::Rng;
use futures::future::join_all;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::aio::MultiplexedConnection;

use crate::history::{Deed, Event};
use crate::redis_server::RedisServer;
use crate::stage::{Broken, cache};

const ROLE: &str = "CACHE_TEST_WORKER";
/// What tells an answer from what the test harness prints.
const MARK: &str = "@ ";
const KEYS: usize = 4;
const TASKS: usize = 6;

/// How long a copy is served in [`Subject::InL1`].
pub(crate) const L1_TIME: Duration = Duration::from_millis(200);

const L2_ONLY: Kind<u64> = Kind::new("number", 1, Policy { fresh: Duration::from_mins(10), ..Policy::PLAIN });
const IN_L1: Kind<u64> =
    Kind::new("number", 1, Policy { fresh: Duration::from_mins(10), l1: Some(L1_TIME), ..Policy::PLAIN });

/// Old after a moment, so that most of what is served is; and most loads are slow.
const OLD: Kind<u64> = Kind::new(
    "number",
    1,
    Policy {
        fresh: Duration::from_millis(20),
        stale_while_revalidate: Duration::from_millis(30),
        stale_if_error: Duration::from_secs(10),
        negative: Some(Duration::from_millis(10)),
        soft_timeout: Some(Duration::from_millis(1)),
        ..Policy::PLAIN
    },
);

/// What is put to the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    L2Only,
    InL1,
    /// Without L1, and mostly served stale.
    Old,
    /// Cache-aside as it is mostly written: get, else load and set; and after a
    /// write, delete. No fence.
    Naive,
}

/// How long a process waits for L2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// For longer than anything here takes.
    Endless,
    /// As in production.
    Default,
}

/// A worker, seen from the test.
pub(crate) struct Worker {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What a worker says of a read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) value: u64,
    pub(crate) loaded: bool,
    pub(crate) took: Duration,
}

impl Worker {
    pub(crate) fn start(url: &str, table: &RedisServer, subject: Subject, patience: Patience) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("the test's binary"))
            .args(["--exact", "worker::work", "--ignored", "--nocapture"])
            .env(ROLE, format!("{url} {} {subject:?} {patience:?}", table.url()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let orders = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, orders, answers }
    }

    pub(crate) fn tell(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("it listens");
    }

    pub(crate) fn answer(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let length = self.answers.read_line(&mut line).expect("text");
            assert!(length > 0, "the worker died");
            if let Some((_, answer)) = line.trim_end().split_once(MARK) {
                return answer.to_owned();
            }
        }
    }

    pub(crate) fn read(&mut self, key: &str) -> Answer {
        self.tell(&format!("read {key} 0"));
        self.read_answer()
    }

    pub(crate) fn read_answer(&mut self) -> Answer {
        let answer = self.answer();
        let fields: Vec<u64> = answer.split(' ').map(|field| field.parse().expect("a number")).collect();
        let [value, loads, micros] = fields[..] else { unreachable!("three fields") };
        Answer { value, loaded: loads > 0, took: Duration::from_micros(micros) }
    }

    /// Reads until the value comes from a tier.
    pub(crate) fn read_until_cached(&mut self, key: &str) {
        for _ in 0..1_000 {
            if !self.read(key).loaded {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        unreachable!("10 s of reads never found the value cached")
    }

    /// Everything it did, once it has been told to play.
    pub(crate) fn history(&mut self) -> Vec<Event> {
        let lines = std::iter::repeat_with(|| self.answer());
        lines.take_while(|line| line != "end").map(|line| line.parse().expect("an event")).collect()
    }

    pub(crate) fn freeze(&self) {
        kill(self.pid(), Signal::SIGSTOP).expect("it was running");
    }

    pub(crate) fn thaw(&self) {
        kill(self.pid(), Signal::SIGCONT).expect("it was stopped");
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone, or stopped: SIGKILL reaches it in either case.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "no test, but the role that others start"]
fn work() {
    let Ok(settings) = std::env::var(ROLE) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(obey(&settings));
}

async fn obey(settings: &str) {
    let mut settings = settings.split(' ');
    let mut next = || settings.next().expect("four settings");
    let (url, table, subject, patience) = (next(), next(), next(), next());
    let store = Store::open(url, table, subject, patience).await;
    for order in std::io::stdin().lines() {
        let order = order.expect("text");
        let words: Vec<&str> = order.split(' ').collect();
        match words[..] {
            ["read", key, ms] => answer_read(&store, key, ms.parse().expect("milliseconds")).await,
            ["play", process, seed, steps] => {
                let numbers = [process, seed, steps].map(|text| text.parse().expect("a number"));
                play(&store, numbers).await;
            }
            _ => unreachable!("no such order: {order}"),
        }
    }
}

#[expect(clippy::print_stdout, reason = "its standard output is how it answers")]
fn say(answer: impl std::fmt::Display) {
    println!("{MARK}{answer}");
}

async fn answer_read(store: &Store, key: &str, ms: u64) {
    let before = store.loads();
    let since = Instant::now();
    let load = store.loader(key.to_owned(), Rng::with_seed(0), Some(Duration::from_millis(ms)));
    let value = store.get_or_load(key, load).await.expect("the table never fails");
    say(format_args!("{value} {} {}", store.loads() - before, since.elapsed().as_micros()));
}

/// Truth, and the way to it that is put to the test.
#[derive(Clone)]
struct Store {
    way: Way,
    kind: Kind<u64>,
    table: MultiplexedConnection,
    loads: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

#[derive(Clone)]
enum Way {
    Ours(Cache),
    Naive(MultiplexedConnection),
}

impl Store {
    async fn open(url: &str, table: &str, subject: &str, patience: &str) -> Self {
        let way = if subject == "Naive" { Way::Naive(connect(url).await) } else { ours(url, patience) };
        Self {
            way,
            kind: match subject {
                "InL1" => IN_L1,
                "Old" => OLD,
                _ => L2_ONLY,
            },
            table: connect(table).await,
            loads: std::sync::Arc::default(),
        }
    }

    fn loads(&self) -> u64 {
        self.loads.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn key(&self, id: &str) -> Key<u64> {
        self.kind.key(id).tagged(tag(id))
    }

    /// Reads the truth, and then takes its time; without a given one, a random
    /// one, and it may fail.
    fn loader(
        &self,
        id: String,
        mut rng: Rng,
        time: Option<Duration>,
    ) -> impl FnOnce() -> futures::future::BoxFuture<'static, Result<Option<u64>, Broken>> + Send + 'static
    {
        let (mut table, loads) = (self.table.clone(), self.loads.clone());
        move || {
            Box::pin(async move {
                loads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let truth: Option<u64> = get(&mut table, &id).await;
                match time {
                    Some(time) => tokio::time::sleep(time).await,
                    None => linger(&mut rng).await,
                }
                if time.is_none() && rng.u8(..) < 8 { Err(Broken) } else { Ok(Some(truth.unwrap_or(0))) }
            })
        }
    }

    async fn get_or_load<F, Fut>(&self, id: &str, load: F) -> Result<u64, Broken>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = Result<Option<u64>, Broken>> + Send + 'static,
    {
        match &self.way {
            Way::Ours(cache) => Ok(*cache.get_or_load(&self.key(id), load).await?.expect("it is there")),
            Way::Naive(l2) => {
                let mut l2 = l2.clone();
                if let Some(value) = get(&mut l2, id).await {
                    return Ok(value);
                }
                let value = load().await?.expect("it is there");
                redis::cmd("SET").arg(id).arg(value).exec_async(&mut l2).await.expect("it is up");
                Ok(value)
            }
        }
    }

    /// Raises the truth by one and outdates what is cached; whether that was acknowledged.
    async fn write(&self, id: &str, rng: &mut Rng) -> (u64, bool) {
        let mut table = self.table.clone();
        let raise = async {
            let version = redis::cmd("INCR").arg(id).query_async(&mut table).await;
            version.expect("the table never fails")
        };
        let cache = match &self.way {
            Way::Ours(cache) => cache,
            Way::Naive(l2) => {
                let version = raise.await;
                let outdated = redis::cmd("DEL").arg(id).exec_async(&mut l2.clone()).await;
                return (version, outdated.is_ok());
            }
        };
        if rng.u8(..4) == 0 {
            let ticket = cache.ticket(&self.key(id)).await;
            let version = raise.await;
            linger(rng).await;
            return (version, cache.put(ticket, Some(&version)).await);
        }
        let version = raise.await;
        linger(rng).await;
        let by_tag = rng.bool();
        let (keys, tags) =
            if by_tag { (vec![], vec![tag(id)]) } else { (vec![self.key(id).erase()], vec![]) };
        (version, cache.invalidate(&keys, &tags).await)
    }
}

fn ours(url: &str, patience: &str) -> Way {
    let long = Duration::from_secs(20);
    let config = Config { url: Some(url.to_owned()), ..Config::default() };
    Way::Ours(cache(if patience == "Endless" {
        Config { command_timeout: long, connect_timeout: long, ..config }
    } else {
        config
    }))
}

async fn connect(url: &str) -> MultiplexedConnection {
    let long = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(20)));
    let client = redis::Client::open(url).expect("a URL");
    client.get_multiplexed_async_connection_with_config(&long).await.expect("it is up")
}

async fn get(connection: &mut MultiplexedConnection, id: &str) -> Option<u64> {
    redis::cmd("GET").arg(id).query_async(connection).await.expect("it is up")
}

/// Keys 0 and 2 share a tag, and 1 and 3.
fn tag(id: &str) -> Tag {
    let even = id.bytes().last().is_some_and(|byte| byte % 2 == 0);
    Tag::new("group", if even { "even" } else { "odd" })
}

async fn play(store: &Store, [process, seed, steps]: [u64; 3]) {
    let mut seeds = Rng::with_seed(seed);
    let players = (0..TASKS).map(|_| tokio::spawn(player(store.clone(), process, seeds.fork(), steps)));
    for events in join_all(players).await {
        for event in events.expect("no panic") {
            say(event);
        }
    }
    say("end");
}

async fn player(store: Store, process: u64, mut rng: Rng, steps: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for _ in 0..steps {
        let key = rng.usize(..KEYS);
        let (id, start_us) = (key.to_string(), now_us());
        let done = if rng.u8(..100) < 85 {
            let load = store.loader(id.clone(), rng.fork(), None);
            store.get_or_load(&id, load).await.ok().map(|version| (version, Deed::Read))
        } else {
            let (version, acknowledged) = store.write(&id, &mut rng).await;
            Some((version, Deed::Write { acknowledged }))
        };
        if let Some((version, deed)) = done {
            events.push(Event { process, key, version, start_us, end_us: now_us(), deed });
        }
        linger(&mut rng).await;
    }
    events
}

/// The same clock for all processes of a machine.
fn now_us() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_micros()).expect("before the year 500,000")
}

/// Lets others go first: not at all, a little, or for longer than Redis takes.
async fn linger(rng: &mut Rng) {
    match rng.u8(..10) {
        0..4 => {}
        4..8 => tokio::task::yield_now().await,
        _ => tokio::time::sleep(Duration::from_micros(rng.u64(..3_000))).await,
    }
}
