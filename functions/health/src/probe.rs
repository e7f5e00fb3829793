//! Table and cache, asked just now.
//!
//! The probes run side by side and are cut off together, so the answer comes in
//! time whatever hangs.

use std::time::Duration;

use cache::PingError;
use store::Store;
use tokio::time::timeout;

use crate::check::{Check, Limits};
use crate::number::Number;

/// The time for all that is asked.
pub(crate) const LIMIT: Duration = Duration::from_millis(500);

/// How long a process that has just begun, or was frozen, waits for its connection to the
/// cache: it leaves time to ask.
const CONNECTED_WITHIN: Duration = Duration::from_millis(400);

/// What came of a probe.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Probe {
    Answered(Duration),
    /// It did not, as these words say.
    Failed(&'static str),
    /// There is nothing to ask.
    NotConfigured(&'static str),
}

impl Probe {
    pub(crate) fn judge(self, limits: Limits) -> Check {
        match self {
            Self::Answered(time) => limits.judge(Some(Number::milliseconds(time)), 1),
            Self::Failed(detail) => limits.fail(detail),
            Self::NotConfigured(detail) => limits.excuse(detail),
        }
    }
}

pub(crate) async fn database(store: &Store) -> Probe {
    match timeout(LIMIT, store.ping()).await {
        Ok(Ok(time)) => Probe::Answered(time),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the table cannot be read");
            Probe::Failed("the table cannot be read")
        }
        Err(_) => Probe::Failed("the table did not answer in time"),
    }
}

pub(crate) async fn cache(store: &Store) -> Probe {
    match timeout(LIMIT, store.cache().ping_within(CONNECTED_WITHIN)).await {
        Ok(Ok(time)) => Probe::Answered(time),
        Ok(Err(PingError::NotConfigured)) => Probe::NotConfigured("no shared cache is configured"),
        Ok(Err(PingError::Unreachable { .. })) => Probe::Failed("the cache cannot be reached"),
        Err(_) => Probe::Failed("the cache did not answer in time"),
    }
}
