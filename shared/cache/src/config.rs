//! Configuration, checked once at boot.

use std::time::Duration;

use crate::clock::Clock;

/// How a cache is set up.
#[derive(Clone)]
pub struct Config {
    /// `redis://[[user]:password@]host[:port][/db]` of a Redis or Valkey that
    /// speaks version 7 or later. `None` or empty: L1 alone.
    pub url: Option<String>,
    /// Estimated bytes that L1 may hold. Default 8 MiB.
    pub l1_bytes: u64,
    /// How long a request waits for L2 before the loader answers. Default 50 ms.
    pub command_timeout: Duration,
    /// How long one attempt to connect may take, in the background. Default 1 s.
    pub connect_timeout: Duration,
    /// Names whose invalidation L2 has not acknowledged that are remembered one by
    /// one; beyond them, all entries are dropped once L2 is back. Default 10,000.
    pub owed_limit: usize,
    /// Where ages are read. Default the system's wall clock.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            l1_bytes: 8 * 1024 * 1024,
            command_timeout: Duration::from_millis(50),
            connect_timeout: Duration::from_secs(1),
            owed_limit: 10_000,
            clock: Clock::system(),
        }
    }
}

/// A configuration that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The URL is none of a Redis, or asks for what this build lacks. It is not
    /// repeated here: it may hold a password.
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
