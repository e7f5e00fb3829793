//! Reads through L2, beside the raw commands for the same bytes on a connection
//! of the same kind.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use cache::{Cache, Config, Key, Kind, Policy, Tag};
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::product::{Broken, Product, id, load};
use crate::redis_server::RedisServer;
use crate::turns::medians;
use crate::{GET_LIMIT, MGET_LIMIT, TASKS, one_thread, report, two_workers};

const POLICY: Policy = Policy { fresh: Duration::from_hours(1), ..Policy::PLAIN };
const PRODUCT: Kind<Product> = Kind::new("product", 1, POLICY);
const TAGGED: Kind<Product> = Kind::new("tagged", 1, POLICY);
/// The same for both; generous, because a busy machine is not what is measured.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// Entries that are read in turn.
const ENTRIES: usize = 1_000;
const PAGE: usize = 20;
const BATCHES: usize = 201;
const READS: usize = 100;
const PAGES: usize = 20;
const MISSES: usize = 20;

#[derive(Clone, Copy)]
enum Side {
    Ours,
    Raw,
}

/// The same entries for both sides.
struct Scene {
    runtime: Runtime,
    cache: Cache,
    keys: Arc<[Key<Product>]>,
    raw: MultiplexedConnection,
    /// The names of the keys' values in Redis.
    names: Arc<[String]>,
}

pub(crate) fn measure(server: &RedisServer) -> Result<()> {
    let scene = Scene::new(one_thread()?, server, "product", |id| PRODUCT.key(id))?;
    let limit = Some(GET_LIMIT);
    compare("L2 hit, ns, beside a raw GET", READS, limit, |side, n| scene.read(side, n))?;
    let limit = Some(MGET_LIMIT);
    compare("get_many of 20 from L2, ns, beside a raw MGET", PAGES, limit, |side, n| scene.page(side, n))?;
    let mut unused = ENTRIES..;
    compare("miss through L2, ns, beside a raw GET and SET", MISSES, None, |side, n| {
        scene.miss(side, unused.by_ref().take(n));
    })?;
    let tagged = |id| TAGGED.key(id).tagged(Tag::new("category", "gifts"));
    let scene = Scene::new(one_thread()?, server, "tagged", tagged)?;
    compare("L2 hit of a key with a tag, ns, beside a raw GET", READS, None, |side, n| scene.read(side, n))?;
    let scene = Scene::new(two_workers()?, server, "product", |id| PRODUCT.key(id))?;
    for tasks in TASKS {
        let name = format!("L2 hits by {tasks} tasks, ns each, beside raw GETs");
        compare(&name, 10 * READS, Some(GET_LIMIT), |side, n| scene.read_in_tasks(side, tasks, n))?;
    }
    Ok(())
}

fn compare(name: &str, n: usize, limit: Option<f64>, mut run: impl FnMut(Side, usize)) -> Result<()> {
    let mut sides = [Side::Ours, Side::Raw];
    let [ours, raw] = medians(BATCHES, n, &mut sides, |side, n| run(*side, n));
    report(name, ours, raw, limit)
}

impl Scene {
    fn new(
        runtime: Runtime,
        server: &RedisServer,
        kind: &str,
        key: impl Fn(String) -> Key<Product>,
    ) -> Result<Self> {
        let config =
            Config { url: Some(server.url()), command_timeout: COMMAND_TIMEOUT, ..Config::default() };
        let connecting = AsyncConnectionConfig::new().set_response_timeout(Some(COMMAND_TIMEOUT));
        let client = server.client()?;
        let scene = Self {
            cache: Cache::new(config)?,
            keys: (0..ENTRIES).map(|n| key(id(n))).collect(),
            raw: runtime.block_on(client.get_multiplexed_async_connection_with_config(&connecting))?,
            names: (0..ENTRIES).map(|n| name(kind, n)).collect(),
            runtime,
        };
        scene.read(Side::Ours, ENTRIES);
        let [ours, raw] = [scene.cache.counters().loads, scene.present()?];
        ensure!(ours <= ENTRIES as u64 && raw == ENTRIES as u64, "not all entries are in L2");
        Ok(scene)
    }

    /// How many of the names there are in Redis.
    fn present(&self) -> Result<u64> {
        let mut raw = self.raw.clone();
        Ok(self.runtime.block_on(redis::cmd("EXISTS").arg(&self.names[..]).query_async(&mut raw))?)
    }

    fn read(&self, side: Side, n: usize) {
        self.runtime.block_on(async {
            match side {
                Side::Ours => read_ours(&self.cache, &self.keys, 0, n).await,
                Side::Raw => read_raw(&mut self.raw.clone(), &self.names, 0, n).await,
            }
        });
    }

    fn read_in_tasks(&self, side: Side, tasks: usize, n: usize) {
        self.runtime.block_on(async {
            let mut readers = JoinSet::new();
            for task in 0..tasks {
                let (cache, mut raw) = (self.cache.clone(), self.raw.clone());
                let (keys, names) = (Arc::clone(&self.keys), Arc::clone(&self.names));
                readers.spawn(async move {
                    match side {
                        Side::Ours => read_ours(&cache, &keys, task, n / tasks).await,
                        Side::Raw => read_raw(&mut raw, &names, task, n / tasks).await,
                    }
                });
            }
            readers.join_all().await;
        });
    }

    fn page(&self, side: Side, n: usize) {
        let mut raw = self.raw.clone();
        self.runtime.block_on(async {
            for (keys, names) in self.keys.chunks(PAGE).zip(self.names.chunks(PAGE)).cycle().take(n) {
                match side {
                    Side::Ours => {
                        black_box(self.cache.get_many(keys, load_many).await.expect("it loads"));
                    }
                    Side::Raw => {
                        black_box(mget(&mut raw, names).await);
                    }
                }
            }
        });
    }

    /// The raw side is a cache-aside as one writes it at first.
    fn miss(&self, side: Side, unused: impl Iterator<Item = usize>) {
        let mut raw = self.raw.clone();
        let value = self.runtime.block_on(get(&mut raw, &self.names[0])).expect("it is there");
        self.runtime.block_on(async {
            for n in unused {
                match side {
                    Side::Ours => {
                        black_box(get_or_load(&self.cache, &PRODUCT.key(id(n))).await);
                    }
                    Side::Raw => {
                        let name = name("product", n);
                        black_box(get(&mut raw, &name).await);
                        let set = redis::cmd("SET")
                            .arg(&name)
                            .arg(&value)
                            .arg("PX")
                            .arg(3_600_000)
                            .exec_async(&mut raw)
                            .await;
                        set.expect("it answers");
                    }
                }
            }
        });
    }
}

/// As `cache` names a value of version 1.
fn name(kind: &str, n: usize) -> String {
    format!("{{{kind}:{}}}:entry", id(n))
}

/// Reads the entries in turn; each task begins elsewhere.
async fn read_ours(cache: &Cache, keys: &[Key<Product>], task: usize, n: usize) {
    for key in keys.iter().cycle().skip(task * 17 % keys.len()).take(n) {
        black_box(get_or_load(cache, key).await);
    }
}

async fn read_raw(raw: &mut MultiplexedConnection, names: &[String], task: usize, n: usize) {
    for name in names.iter().cycle().skip(task * 17 % names.len()).take(n) {
        black_box(get(raw, name).await);
    }
}

async fn get_or_load(cache: &Cache, key: &Key<Product>) -> Arc<Product> {
    let product = cache.get_or_load(key, || async { Ok::<_, Broken>(Some(load())) }).await;
    product.expect("it loads").expect("it is there")
}

async fn load_many(missing: Vec<usize>) -> Result<Vec<Option<Product>>, Broken> {
    Ok(missing.into_iter().map(|_| Some(load())).collect())
}

async fn get(raw: &mut MultiplexedConnection, name: &str) -> Option<Vec<u8>> {
    redis::cmd("GET").arg(name).query_async(raw).await.expect("it answers")
}

async fn mget(raw: &mut MultiplexedConnection, names: &[String]) -> Vec<Vec<u8>> {
    redis::cmd("MGET").arg(names).query_async(raw).await.expect("it answers with all")
}
