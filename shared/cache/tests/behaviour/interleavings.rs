//! Random interleavings of reads, writes and losses over three processes.
//!
//! Each key has one truth, a version that only rises. A write raises it and then
//! invalidates, by key or by tag. Before each read the checker notes the highest
//! version whose invalidation had been acknowledged where the read begins, and
//! the read must not answer a lower one. `SEED` repeats a run's choices.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache::{Cache, Key, Kind, ManualClock, Tag};
use fastrand::Rng;
use futures::future::join_all;
use tokio::sync::Mutex;

use crate::redis_server::RedisServer;
use crate::stage::{BOTH, Broken, L1_TIME, L2_ONLY, cache, patient};

const PROCESSES: usize = 3;
const KEYS: usize = 4;
const TASKS: usize = 12;
const STEPS: usize = 250;

/// Where the floor of an acknowledged write counts.
#[derive(Clone, Copy)]
enum Reach {
    /// A kind without L1: every process sees it.
    Everywhere,
    /// A kind with L1: only the process that wrote.
    WriterOnly,
}

struct World {
    seed: u64,
    kind: Kind<u64>,
    reach: Reach,
    server: RedisServer,
    clock: ManualClock,
    caches: Vec<Cache>,
    truths: [Arc<AtomicU64>; KEYS],
    /// The highest version whose invalidation was acknowledged, by process and key.
    floors: [[AtomicU64; KEYS]; PROCESSES],
    /// One writer a key at a time, so that acknowledgements come in order.
    writers: [Mutex<()>; KEYS],
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn without_l1_no_process_reads_behind_an_acknowledged_write() {
    play(World::new(L2_ONLY, Reach::Everywhere)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn with_l1_the_writing_process_does_not_read_behind_its_write() {
    play(World::new(BOTH, Reach::WriterOnly)).await;
}

async fn play(world: World) {
    let world = Arc::new(world);
    let mut seeds = Rng::with_seed(world.seed);
    let players = (0..TASKS).map(|_| tokio::spawn(player(Arc::clone(&world), seeds.fork())));
    for player in join_all(players).await {
        player.expect("no reader found an older value");
    }
    world.clock.advance(L1_TIME);
    for (process, cache) in world.caches.iter().enumerate() {
        for k in 0..KEYS {
            let last = world.truths[k].load(Ordering::SeqCst);
            let read = world.load_one(cache, k).await;
            assert_eq!(read, last, "seed {}: key {k} in process {process} at the end", world.seed);
        }
    }
    let hits: u64 = world.caches.iter().map(|cache| cache.counters().l2_hits).sum();
    assert!(hits > 0, "seed {}: the cache was not even used", world.seed);
}

async fn player(world: Arc<World>, mut rng: Rng) {
    for _ in 0..STEPS {
        let process = rng.usize(..PROCESSES);
        match rng.u8(..100) {
            0..80 => world.read(process, &mut rng).await,
            80..98 => world.write(process, &mut rng).await,
            _ => world.lose(&mut rng),
        }
        linger(&mut rng).await;
    }
}

impl World {
    fn new(kind: Kind<u64>, reach: Reach) -> Self {
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let (server, clock) = (RedisServer::start(), ManualClock::new());
        Self {
            seed: seed.unwrap_or_else(|| fastrand::u64(..)),
            kind,
            reach,
            caches: (0..PROCESSES).map(|_| cache(patient(&server, &clock))).collect(),
            server,
            clock,
            truths: Default::default(),
            floors: Default::default(),
            writers: Default::default(),
        }
    }

    fn key(&self, k: usize) -> Key<u64> {
        self.kind.key(k.to_string()).tagged(tag(k))
    }

    async fn read(&self, process: usize, rng: &mut Rng) {
        let wanted: Vec<usize> = (0..KEYS).filter(|_| rng.bool()).collect();
        let floors = wanted.iter().map(|&k| self.floors[process][k].load(Ordering::SeqCst));
        let floors: Vec<u64> = floors.collect();
        let keys: Vec<_> = wanted.iter().map(|&k| self.key(k)).collect();
        let truths: Vec<_> = wanted.iter().map(|&k| Arc::clone(&self.truths[k])).collect();
        let fork = rng.fork();
        let load = move |missing: Vec<usize>| {
            load(missing.into_iter().map(|i| Arc::clone(&truths[i])).collect(), fork)
        };
        let Ok(values) = self.caches[process].get_many(&keys, load).await else {
            return;
        };
        for ((k, floor), value) in wanted.into_iter().zip(floors).zip(values) {
            let (value, seed) = (*value.expect("it is there"), self.seed);
            assert!(value >= floor, "seed {seed}: process {process} read {value} of {k} after {floor}");
        }
    }

    async fn write(&self, process: usize, rng: &mut Rng) {
        let k = rng.usize(..KEYS);
        let _writer = self.writers[k].lock().await;
        let version = self.truths[k].fetch_add(1, Ordering::SeqCst) + 1;
        linger(rng).await;
        let (keys, tags) =
            if rng.bool() { (vec![self.key(k).erase()], vec![]) } else { (vec![], vec![tag(k)]) };
        let acknowledged = self.caches[process].invalidate(&keys, &tags).await;
        assert!(acknowledged, "Redis was up all along");
        for (there, floors) in self.floors.iter().enumerate() {
            if matches!(self.reach, Reach::Everywhere) || there == process {
                floors[k].fetch_max(version, Ordering::SeqCst);
            }
        }
    }

    /// What Redis may lose at any time: everything, or one name.
    fn lose(&self, rng: &mut Rng) {
        let name: Option<String> = self.server.ask(&["RANDOMKEY"]);
        match name {
            Some(name) if rng.u8(..4) > 0 => drop(self.server.ask::<u64>(&["DEL", &name])),
            _ => self.server.ask(&["FLUSHALL"]),
        }
    }

    async fn load_one(&self, cache: &Cache, k: usize) -> u64 {
        let truth = Arc::clone(&self.truths[k]);
        let load = || async move { Ok::<_, Broken>(Some(truth.load(Ordering::SeqCst))) };
        *cache.get_or_load(&self.key(k), load).await.expect("it loads").expect("it is there")
    }
}

/// Keys 0 and 2 share a tag, and 1 and 3.
fn tag(k: usize) -> Tag {
    Tag::new("group", (k % 2).to_string())
}

/// Reads the truth somewhere in the middle of its time, and now and then fails.
async fn load(truths: Vec<Arc<AtomicU64>>, mut rng: Rng) -> Result<Vec<Option<u64>>, Broken> {
    linger(&mut rng).await;
    let values = truths.iter().map(|truth| Some(truth.load(Ordering::SeqCst))).collect();
    linger(&mut rng).await;
    if rng.u8(..) < 10 { Err(Broken) } else { Ok(values) }
}

/// Lets others go first: not at all, a little, or for longer than Redis takes.
async fn linger(rng: &mut Rng) {
    match rng.u8(..10) {
        0..4 => {}
        4..8 => tokio::task::yield_now().await,
        _ => tokio::time::sleep(Duration::from_micros(rng.u64(..3_000))).await,
    }
}
