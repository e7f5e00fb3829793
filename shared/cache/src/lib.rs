//! The cache-aside client: L1 in this process, L2 in Redis or Valkey, a loader.
//!
//! Its one rule: a read that begins after an invalidation was acknowledged never
//! gets a value from before it (in other processes: beyond the L1 seconds of its
//! kind). The header of the `l2` module goes through the interleavings.
//!
//! It knows keys, kinds, tags and bytes, nothing of what they mean. It is no
//! store: every entry can vanish at any moment, and a cache that is broken or
//! absent costs time, never an answer. It refuses to keep what nobody vouches
//! for: a value comes from a loader, or from a writer with a ticket.
//!
//! ```no_run
//! # use std::time::Duration;
//! use cache::{Cache, Config, Kind, Policy, Tag, TimedOut};
//!
//! const GREETING: Kind<String> = Kind::new(
//!     "greeting",
//!     1,
//!     Policy {
//!         fresh: Duration::from_secs(600),
//!         l1: Some(Duration::from_secs(5)),
//!         stale_if_error: Duration::from_secs(3_600),
//!         ..Policy::PLAIN
//!     },
//! );
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let cache = Cache::new(Config::default())?;
//! let key = GREETING.key("en").tagged(Tag::new("author", "ann"));
//! let load = || async { Ok::<_, TimedOut>(Some("hello".to_owned())) };
//! let greeting = cache.get_or_load(&key, load).await?;
//! cache.invalidate(&[key.erase()], &[]).await;
//! # Ok(())
//! # }
//! ```

mod background;
mod breaker;
mod clock;
mod config;
mod counters;
mod credentials;
mod dial;
pub mod elasticache;
mod envelope;
mod flight;
mod generations;
mod invalidate;
mod keeper;
mod key;
mod l1;
mod l2;
mod latency;
mod link;
mod load;
mod owed;
mod policy;
mod read;
mod refresh;
mod request;
mod script;
mod token;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use background::{Background, Job};
pub use clock::{Clock, ManualClock};
pub use config::{Config, ConfigError, Discovery};
pub use counters::{Counters, Times};
pub use credentials::{Credentials, Login, NoLogin};
pub use invalidate::Ticket;
pub use key::{AnyKey, Key, Kind, Tag};
pub use latency::{Distribution, Histogram, Latency};
pub use link::Answer;
pub use policy::Policy;
pub use redis;
pub use request::Request;

use counters::Tally;
use flight::Flights;
use generations::Generations;
use l1::L1;
use l2::L2;
use link::NoAnswer;
use refresh::Refreshes;

/// The cache. Clones are cheap and are the same cache.
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    generations: Generations,
    l1: L1,
    l2: Option<L2>,
    flights: Arc<Flights>,
    refreshes: Refreshes,
    background: Background,
    tally: Arc<Tally>,
}

/// A load that took longer than its kind's [`Policy::hard_timeout`]. A loader's
/// error type is made from it, so that callers have one error to handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the load took longer than {limit:?}")]
pub struct TimedOut {
    /// The time-out.
    pub limit: Duration,
}

/// Why a ping had no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PingError {
    /// There is no L2 by configuration.
    #[error("no L2 is configured")]
    NotConfigured,
    /// There is one, and it did not answer within the command time-out, or is
    /// known to be away.
    #[error("L2 cannot be reached: {reason}")]
    Unreachable {
        /// What is known of the cause.
        reason: String,
    },
}

impl Cache {
    /// A cache that connects when it is first used, and then must be in the tokio
    /// runtime where it will be used from then on.
    ///
    /// # Errors
    /// [`ConfigError`] when a setting cannot work.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let tally = Arc::new(Tally::default());
        let shared = Shared {
            l2: L2::new(&config, &tally)?,
            generations: Generations::new(),
            l1: L1::new(config.l1_bytes),
            flights: Arc::default(),
            refreshes: Refreshes::default(),
            background: config.background,
            tally,
            clock: config.clock,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Connects to L2 if nobody has yet, and waits for that at most so long: what a
    /// process can do before its first request. Without it the first request connects.
    pub async fn connect(&self, patience: Duration) {
        if let Some(l2) = &self.shared.l2 {
            l2.connect(patience).await;
        }
    }

    /// How long L2 takes to answer nothing; connects if nobody has yet.
    ///
    /// # Errors
    /// [`PingError`] when there is no L2, or it does not answer.
    pub async fn ping(&self) -> Result<Duration, PingError> {
        let l2 = self.shared.l2.as_ref().ok_or(PingError::NotConfigured)?;
        let since = Instant::now();
        match l2.ping().await {
            Ok(()) => Ok(since.elapsed()),
            Err(no_answer) => Err(no_answer.into()),
        }
    }

    /// As [`Self::ping`], and waits for so long for a connection, which a process that has
    /// just begun, or was frozen, does not have yet.
    ///
    /// # Errors
    /// As [`Self::ping`].
    pub async fn ping_within(&self, patience: Duration) -> Result<Duration, PingError> {
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let failed = match self.ping().await {
                Err(failed @ PingError::Unreachable { .. }) => failed,
                answered => return answered,
            };
            let is_up = match &self.shared.l2 {
                Some(l2) => l2.has_paid_within(left).await,
                None => false,
            };
            if left.is_zero() || !is_up {
                return Err(failed);
            }
        }
    }

    /// Whether there is an L2 by configuration, and it is known not to answer.
    pub fn is_away(&self) -> bool {
        self.shared.l2.as_ref().is_some_and(L2::is_away)
    }

    /// Whether there is an L2 by configuration.
    pub fn has_l2(&self) -> bool {
        self.shared.l2.is_some()
    }

    /// Lends the connection to L2 to those who share more than entries there: sends
    /// commands of theirs, with the cache's own time limit and breaker, and answers
    /// each request. Their names must not be the cache's (`…:entry`, `…:lease`,
    /// `tag:…`). Nothing is sent twice.
    pub async fn ask(&self, requests: Vec<Request>) -> Vec<Answer> {
        match &self.shared.l2 {
            Some(l2) => l2.ask(requests).await,
            None => vec![None; requests.len()],
        }
    }

    /// What the cache has counted so far.
    pub fn counters(&self) -> Counters {
        let (l1_entries, l1_bytes) = self.shared.l1.size();
        Counters { l1_entries, l1_bytes, ..self.shared.tally.snapshot() }
    }

    /// How long what it did took so far.
    pub fn times(&self) -> Times {
        self.shared.tally.times()
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}

impl From<NoAnswer> for PingError {
    fn from(no_answer: NoAnswer) -> Self {
        let reason = match no_answer {
            NoAnswer::Away => "known to be away".to_owned(),
            NoAnswer::Failed(error) => link::reason(&error),
        };
        Self::Unreachable { reason }
    }
}
