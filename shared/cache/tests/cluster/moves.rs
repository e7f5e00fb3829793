//! Slots that move to another node while they are read, written and invalidated.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cache::{Cache, Key, Tag};
use futures::future::join_all;
use tokio::sync::Mutex;

use crate::cluster_server::Cluster;
use crate::node::{ADMIN, Node};
use crate::stage::{Broken, L2_ONLY, Truth, process};

/// A slot on its way from one node to another.
struct Move<'a> {
    slot: String,
    from: &'a Node,
    to: &'a Node,
    all: &'a [Node],
}

impl<'a> Move<'a> {
    fn begin(cluster: &'a Cluster, id: &str, (from, to): (usize, usize)) -> Self {
        let (from, to) = (&cluster.nodes[from], &cluster.nodes[to]);
        let slot: u64 = from.ask(&["CLUSTER", "KEYSLOT", &format!("{{l2only:{id}}}")]);
        let slot = slot.to_string();
        let _: () = to.ask(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from.id()]);
        let _: () = from.ask(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to.id()]);
        Self { slot, from, to, all: &cluster.nodes }
    }

    /// Moves one name, as `redis-cli` does: what the other node has already is
    /// not replaced but an error.
    fn carry(&self, name: &str) {
        let port = self.to.port.to_string();
        let migrate = ["MIGRATE", "127.0.0.1", &port, name, "0", "5000", "AUTH2", ADMIN, ADMIN];
        let _: String = self.from.ask(&migrate);
    }

    fn finish(self) {
        loop {
            let names: Vec<String> = self.from.ask(&["CLUSTER", "GETKEYSINSLOT", &self.slot, "10"]);
            if names.is_empty() {
                break;
            }
            for name in &names {
                self.carry(name);
            }
        }
        let to = self.to.id();
        // The new owner first: nobody is to be sent to a node that does not know.
        for node in std::iter::once(self.to).chain(self.all) {
            let _: () = node.ask(&["CLUSTER", "SETSLOT", &self.slot, "NODE", &to]);
        }
    }
}

/// One key of the first node, by its id, cached.
async fn scene() -> (Cluster, Cache, Key<u64>, String, Truth) {
    let cluster = Cluster::start();
    let cache = process(&cluster).await;
    let (id, truth) = (cluster.ids_on(0).next().expect("one of many"), Truth::of(1));
    let key = L2_ONLY.key(&id);
    truth.read_until_cached(&cache, &key).await;
    (cluster, cache, key, id, truth)
}

#[tokio::test]
async fn an_invalidation_is_acknowledged_wherever_its_slot_is() {
    let (cluster, cache, key, id, truth) = scene().await;
    for carried in [vec![], vec!["fence"], vec!["v1"], vec!["fence", "v1"]] {
        let moving = Move::begin(&cluster, &id, (0, 1));
        for what in carried {
            moving.carry(&format!("{{l2only:{id}}}:{what}"));
        }
        truth.write(truth.value() + 1);
        assert!(cache.invalidate(&[key.erase()], &[]).await);
        for _ in 0..3 {
            assert_eq!(truth.read(&cache, &key).await, truth.value());
        }
        moving.finish();
        truth.read_until_cached(&cache, &key).await;
        Move::begin(&cluster, &id, (1, 0)).finish();
        truth.read_until_cached(&cache, &key).await;
    }
}

#[tokio::test]
async fn a_put_is_acknowledged_while_its_slot_moves() {
    let (cluster, cache, key, id, truth) = scene().await;
    let ticket = cache.ticket(&key).await;
    let moving = Move::begin(&cluster, &id, (0, 1));
    moving.carry(&format!("{{l2only:{id}}}:entry"));
    truth.write(2);
    assert!(cache.put(ticket, Some(&2)).await);
    assert_eq!(truth.read(&cache, &key).await, 2);
    moving.finish();
    truth.read_until_cached(&cache, &key).await;
    assert_eq!(truth.read(&cache, &key).await, 2);
}

#[tokio::test]
async fn a_load_while_its_slot_moves_leaves_nothing_in_the_way() {
    let (cluster, cache, key, id, truth) = scene().await;
    let moving = Move::begin(&cluster, &id, (0, 1));
    let _: u64 = moving.from.ask(&["DEL", &format!("{{l2only:{id}}}:entry")]);
    assert_eq!(truth.read(&cache, &key).await, 1);
    moving.finish();
    truth.read_until_cached(&cache, &key).await;
}

/// Keys that move, each with its truth.
struct World {
    cluster: Cluster,
    caches: Vec<Cache>,
    keys: Vec<(String, Key<u64>, Tag)>,
    truths: Vec<Arc<AtomicU64>>,
    /// Below which no process reads any more.
    floors: Vec<AtomicU64>,
    writers: Vec<Mutex<()>>,
    moved: AtomicBool,
}

const KEYS: usize = 8;

impl World {
    async fn new() -> Self {
        let cluster = Cluster::start();
        let ids = cluster.ids_on(0).take(KEYS);
        let tag = |id: &str| Tag::new("group", id);
        let keys = ids.map(|id| (id.clone(), L2_ONLY.key(&id).tagged(tag(&id)), tag(&id))).collect();
        let caches = vec![process(&cluster).await, process(&cluster).await];
        Self {
            cluster,
            caches,
            keys,
            truths: (0..KEYS).map(|_| Arc::default()).collect(),
            floors: (0..KEYS).map(|_| AtomicU64::new(0)).collect(),
            writers: (0..KEYS).map(|_| Mutex::default()).collect(),
            moved: AtomicBool::new(false),
        }
    }

    /// Moves every slot away and back.
    fn move_all(&self) {
        for way in [(0, 1), (1, 2), (2, 0)] {
            for (id, ..) in &self.keys {
                let moving = Move::begin(&self.cluster, id, way);
                std::thread::sleep(Duration::from_millis(20));
                moving.carry(&format!("{{l2only:{id}}}:entry"));
                std::thread::sleep(Duration::from_millis(20));
                moving.finish();
            }
        }
        self.moved.store(true, Ordering::SeqCst);
    }

    async fn play(&self) {
        while !self.moved.load(Ordering::SeqCst) {
            let (k, process) = (fastrand::usize(..KEYS), fastrand::usize(..self.caches.len()));
            if fastrand::u8(..10) == 0 {
                self.write(k, process).await;
            } else {
                self.read(k, process).await;
            }
            tokio::time::sleep(Duration::from_micros(fastrand::u64(..500))).await;
        }
    }

    fn last(&self, k: usize) -> u64 {
        self.truths[k].load(Ordering::SeqCst)
    }

    async fn read(&self, k: usize, process: usize) -> u64 {
        let floor = self.floors[k].load(Ordering::SeqCst);
        let truth = Arc::clone(&self.truths[k]);
        let load = || async move { Ok::<_, Broken>(Some(truth.load(Ordering::SeqCst))) };
        let read = self.caches[process].get_or_load(&self.keys[k].1, load).await;
        let value = *read.expect("it loads").expect("it is there");
        assert!(value >= floor, "process {process} read {value} of {k} after {floor}");
        value
    }

    async fn write(&self, k: usize, process: usize) {
        let _writer = self.writers[k].lock().await;
        let version = self.truths[k].fetch_add(1, Ordering::SeqCst) + 1;
        let (_, key, tag) = &self.keys[k];
        let (keys, tags) =
            if fastrand::bool() { (vec![key.erase()], vec![]) } else { (vec![], vec![tag.clone()]) };
        if self.caches[process].invalidate(&keys, &tags).await {
            self.floors[k].fetch_max(version, Ordering::SeqCst);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_process_reads_behind_an_acknowledged_write_while_slots_move() {
    let world = Arc::new(World::new().await);
    let moves = tokio::task::spawn_blocking({
        let world = Arc::clone(&world);
        move || world.move_all()
    });
    let players = (0..8).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.play().await })
    });
    let players: Vec<_> = players.collect();
    let all_moved = moves.await;
    world.moved.store(true, Ordering::SeqCst);
    all_moved.expect("no move failed");
    for player in join_all(players).await {
        player.expect("no reader found an older value");
    }
    // A process that still owes an invalidation pays it before it reads L2.
    for (k, (_, key, _)) in world.keys.iter().enumerate() {
        for cache in &world.caches {
            Truth::of(world.last(k)).read_until_cached(cache, key).await;
        }
    }
    for k in 0..KEYS {
        for process in 0..world.caches.len() {
            assert_eq!(world.read(k, process).await, world.last(k));
        }
    }
}
