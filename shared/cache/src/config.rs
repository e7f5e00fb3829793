//! Configuration, checked once at boot.

use std::time::Duration;

use crate::background::Background;
use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::elasticache::Managed;

/// How a cache is set up.
#[derive(Clone)]
pub struct Config {
    /// `redis://[[user]:password@]host[:port][/db]` of a Redis or Valkey that
    /// speaks version 7 or later; `rediss://` for TLS. `None` or empty: L1 alone.
    pub url: Option<String>,
    /// Whether the URL leads to a node of a cluster. Default no.
    pub cluster: bool,
    /// Where L2 is if no URL says so: asked when it is first connected to.
    pub elasticache: Option<Discovery>,
    /// Who logs in, asked at each connect. Default: whom the URL names.
    pub credentials: Option<Credentials>,
    /// The certificate authorities that L2's certificate may come from, in PEM.
    /// Default: the public ones, Amazon's among them.
    pub certificate_authorities: Option<Vec<u8>>,
    /// Estimated bytes that L1 may hold. Default 8 MiB.
    pub l1_bytes: u64,
    /// How long a request waits for L2 before the loader answers. Default 50 ms.
    pub command_timeout: Duration,
    /// How long one attempt to connect may take, in the background. Default 1 s.
    pub connect_timeout: Duration,
    /// Names whose invalidation L2 has not acknowledged that are remembered one by
    /// one; beyond them, all entries are dropped once L2 is back. Default 10,000.
    pub owed_limit: usize,
    /// Where work goes that no caller waits for: loads of entries that were
    /// served stale. Default: at once, beside the caller.
    pub background: Background,
    /// Where ages are read. Default the system's wall clock.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            cluster: false,
            elasticache: None,
            credentials: None,
            certificate_authorities: None,
            l1_bytes: 8 * 1024 * 1024,
            command_timeout: Duration::from_millis(50),
            connect_timeout: Duration::from_secs(1),
            owed_limit: 10_000,
            background: Background::default(),
            clock: Clock::system(),
        }
    }
}

/// A cache of ElastiCache, and whom to ask where it is.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// The SDK's client, with region and credentials.
    pub client: aws_sdk_elasticache::Client,
    /// Which cache.
    pub cache: Managed,
}

/// A configuration that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The URL is none of a Redis. It is not repeated here: it may hold a password.
    #[error("the cache URL cannot be used: {reason}")]
    Url {
        /// What is wrong with it.
        reason: String,
    },
    /// A time limit of zero would fail every request.
    #[error("{which} must be more than zero")]
    Zero {
        /// The name of the limit.
        which: &'static str,
    },
}

impl Config {
    /// The URL, if there is an L2.
    pub(crate) fn l2_url(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| !url.is_empty())
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let limits = [("command_timeout", self.command_timeout), ("connect_timeout", self.connect_timeout)];
        match limits.iter().find(|(_, limit)| limit.is_zero()) {
            Some((which, _)) => Err(ConfigError::Zero { which }),
            None => Ok(()),
        }
    }
}
