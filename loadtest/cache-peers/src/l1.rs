//! Hits and misses in one process.

use std::hint::black_box;
use std::sync::Arc;

use anyhow::Result;
use cache::Cache;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::contender::{Amalgam, Contender, Foyer, Moka};
use crate::turns::medians;
use crate::{PEER_LIMIT, TASKS, one_thread, report, two_workers};

const GOAL_NS: f64 = 100.0;
/// Entries that are read in turn.
const ENTRIES: usize = 1_000;
const BATCHES: usize = 101;
const HITS: usize = 10_000;
const MISSES: usize = 200;

pub(crate) fn measure() -> Result<()> {
    let mut scenes = scenes(&Arc::new(one_thread()?));
    let hits = medians(BATCHES, HITS, &mut scenes, |scene, n| scene.hit(n));
    report("L1 hit, ns, beside the goal", hits[0], GOAL_NS, Some(1.0))?;
    report_each("L1 hit, ns", &scenes, hits, Some(PEER_LIMIT))?;
    let hits = medians(BATCHES, HITS, &mut scenes, |scene, n| scene.hit_by_id(n));
    report_each("L1 hit with the key made of an id, ns", &scenes, hits, None)?;
    let misses = medians(BATCHES, MISSES, &mut scenes, |scene, n| scene.miss(n));
    report_each("miss without L2, ns", &scenes, misses, None)?;
    let mut scenes = self::scenes(&Arc::new(two_workers()?));
    for tasks in TASKS {
        let hits = medians(BATCHES, 10 * HITS, &mut scenes, |scene, n| scene.hit_in_tasks(tasks, n));
        report_each(&format!("L1 hits by {tasks} tasks, ns each"), &scenes, hits, Some(PEER_LIMIT))?;
    }
    Ok(())
}

/// Ours first.
fn scenes(runtime: &Arc<Runtime>) -> [Box<dyn Scene>; 4] {
    [
        Box::new(Filled::<Cache>::new(runtime)),
        Box::new(Filled::<Moka>::new(runtime)),
        Box::new(Filled::<Foyer>::new(runtime)),
        Box::new(Filled::<Amalgam>::new(runtime)),
    ]
}

/// A row for each peer; the limit holds beside the fastest.
fn report_each(what: &str, scenes: &[Box<dyn Scene>; 4], ns: [f64; 4], limit: Option<f64>) -> Result<()> {
    let [ours, peers @ ..] = ns;
    let fastest = peers.into_iter().fold(f64::INFINITY, f64::min);
    for (scene, peer) in scenes[1..].iter().zip(peers) {
        let limit = limit.filter(|_| peer <= fastest);
        report(&format!("{what}, beside {}", scene.name()), ours, peer, limit)?;
    }
    Ok(())
}

/// What is done with each cache, so many times.
trait Scene {
    fn name(&self) -> &'static str;
    fn hit(&mut self, n: usize);
    fn hit_by_id(&mut self, n: usize);
    fn hit_in_tasks(&mut self, tasks: usize, n: usize);
    fn miss(&mut self, n: usize);
}

/// A cache, and the keys of what it holds.
struct Filled<C: Contender> {
    runtime: Arc<Runtime>,
    cache: C,
    keys: Arc<[C::Key]>,
    unused: usize,
}

impl<C: Contender> Filled<C> {
    fn new(runtime: &Arc<Runtime>) -> Self {
        let keys = (0..ENTRIES).map(C::key).collect();
        let cache = runtime.block_on(async { C::new() });
        let mut filled = Self { runtime: Arc::clone(runtime), cache, keys, unused: ENTRIES };
        filled.hit(ENTRIES);
        filled
    }
}

impl<C: Contender> Scene for Filled<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn hit(&mut self, n: usize) {
        self.runtime.block_on(read(&self.cache, &self.keys, 0, n));
    }

    fn hit_by_id(&mut self, n: usize) {
        self.runtime.block_on(async {
            for i in 0..n {
                black_box(self.cache.price(&C::key(i % ENTRIES)).await);
            }
        });
    }

    fn hit_in_tasks(&mut self, tasks: usize, n: usize) {
        self.runtime.block_on(async {
            let mut readers = JoinSet::new();
            for task in 0..tasks {
                let (cache, keys) = (self.cache.clone(), Arc::clone(&self.keys));
                readers.spawn(async move { read(&cache, &keys, task, n / tasks).await });
            }
            readers.join_all().await;
        });
    }

    fn miss(&mut self, n: usize) {
        let from = self.unused;
        self.unused += n;
        self.runtime.block_on(async {
            for i in from..self.unused {
                black_box(self.cache.price(&C::key(i)).await);
            }
        });
    }
}

/// Reads the entries in turn; each task begins elsewhere.
async fn read<C: Contender>(cache: &C, keys: &[C::Key], task: usize, n: usize) {
    for key in keys.iter().cycle().skip(task * 17 % keys.len()).take(n) {
        black_box(cache.price(key).await);
    }
}
