//! What the scenes have in common: kinds, caches as if of several processes, and
//! a source of truth that counts who asks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cache::{Cache, Config, Key, Kind, ManualClock, Policy, TimedOut};

use crate::redis_server::RedisServer;

/// No read takes this long, unless it waits for what never comes.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const L1_TIME: Duration = Duration::from_secs(5);
pub(crate) const FRESH: Duration = Duration::from_mins(10);

/// Kept in both tiers.
pub(crate) const BOTH: Kind<u64> =
    Kind::new("both", 1, Policy { fresh: FRESH, l1: Some(L1_TIME), ..Policy::PLAIN });
/// Kept in L2 only.
pub(crate) const L2_ONLY: Kind<u64> = Kind::new("l2only", 1, Policy { fresh: FRESH, ..Policy::PLAIN });

/// A loader's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl From<TimedOut> for Broken {
    fn from(_: TimedOut) -> Self {
        Self
    }
}

/// Deadlines that a busy machine does not miss; `clock` moves by hand.
pub(crate) fn patient(server: &RedisServer, clock: &ManualClock) -> Config {
    Config {
        url: Some(server.url()),
        command_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
        clock: clock.clock(),
        ..Config::default()
    }
}

/// One process's cache.
pub(crate) fn process(server: &RedisServer) -> Cache {
    cache(patient(server, &ManualClock::new()))
}

pub(crate) fn cache(config: Config) -> Cache {
    Cache::new(config).expect("a proper configuration")
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

    /// Reads it until it comes from a tier and not from a load; a link may be
    /// coming up in the background.
    pub(crate) async fn read_until_cached(&self, cache: &Cache, key: &Key<u64>) {
        for _ in 0..2_000 {
            let before = self.loads();
            self.read(cache, key).await;
            if self.loads() == before {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        unreachable!("20 s of reads never found the value cached")
    }
}
