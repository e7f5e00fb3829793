//! What the scenes have in common: a kind, and a source of truth that counts who
//! asks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache::{Cache, Config, Key, Kind, Policy, TimedOut};

use crate::cluster_server::Cluster;

/// No read takes this long, unless it waits for what never comes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Kept in L2 only, so that every read asks it.
pub(crate) const L2_ONLY: Kind<u64> =
    Kind::new("l2only", 1, Policy { fresh: Duration::from_mins(10), ..Policy::PLAIN });

/// A loader's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl From<TimedOut> for Broken {
    fn from(_: TimedOut) -> Self {
        Self
    }
}

pub(crate) fn cache(config: Config) -> Cache {
    Cache::new(config).expect("a proper configuration")
}

/// One process's cache, connected.
pub(crate) async fn process(cluster: &Cluster) -> Cache {
    let cache = cache(cluster.patient());
    cache.ping().await.expect("the cluster is up");
    cache
}

/// One number that is the truth, and how often it was asked for.
#[derive(Clone, Default)]
pub(crate) struct Truth(Arc<Inner>);

#[derive(Default)]
struct Inner {
    value: AtomicU64,
    loads: AtomicU64,
}

impl Truth {
    pub(crate) fn of(value: u64) -> Self {
        let truth = Self::default();
        truth.write(value);
        truth
    }

    pub(crate) fn write(&self, value: u64) {
        self.0.value.store(value, Ordering::SeqCst);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.value.load(Ordering::SeqCst)
    }

    pub(crate) fn loads(&self) -> u64 {
        self.0.loads.load(Ordering::SeqCst)
    }

    pub(crate) fn load(&self) -> u64 {
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        self.0.value.load(Ordering::SeqCst)
    }

    /// Reads it through a cache.
    pub(crate) async fn read(&self, cache: &Cache, key: &Key<u64>) -> u64 {
        let truth = self.clone();
        let load = || async move { Ok::<_, Broken>(Some(truth.load())) };
        let read = tokio::time::timeout(PATIENCE, cache.get_or_load(key, load)).await;
        *read.expect("it ends").expect("it loads").expect("it is there")
    }

    /// Reads it and says whether it came from L2 and not from a load.
    pub(crate) async fn is_cached(&self, cache: &Cache, key: &Key<u64>) -> bool {
        let before = self.loads();
        self.read(cache, key).await;
        self.loads() == before
    }

    /// Reads it until it comes from L2; a link may be coming up in the background.
    pub(crate) async fn read_until_cached(&self, cache: &Cache, key: &Key<u64>) {
        for _ in 0..2_000 {
            if self.is_cached(cache, key).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        unreachable!("20 s of reads never found the value cached")
    }
}
