//! By hand: the events that failed are listed, and one of them is tried again, after
//! a person has seen to what was wrong.

use anyhow::{Context, Result};
use domain::EventKey;
use serde::Serialize;
use serde_json::Value;
use store::{Decision, FailedEvents};

use crate::PaymentEvents;

/// What became of the event.
#[derive(Debug, Serialize)]
pub(crate) struct Replayed {
    event: String,
    /// `applied`, `ignored` or `failed`; or that it was `decided before`, and
    /// nothing was done.
    outcome: &'static str,
    reason: Option<String>,
}

/// The events that have failed.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    failed: Vec<String>,
    /// Whether these are all.
    complete: bool,
}

impl PaymentEvents {
    /// Lists the events that have failed, as `replay` takes their names.
    pub(crate) async fn failed(&self) -> Failed {
        let FailedEvents { events, complete } = self.store.failed_events(api::now()).await;
        Failed { failed: events.iter().map(EventKey::to_string).collect(), complete }
    }

    /// Applies the event of this name (`stripe/evt_1`), unless it was applied or
    /// ignored before.
    ///
    /// # Errors
    /// When there is no such event, or it cannot be decided now.
    pub(crate) async fn replay(&self, event: &Value) -> Result<Replayed> {
        let name = event.as_str().context("replay takes the name of an event, such as stripe/evt_1")?;
        let key: EventKey =
            name.parse().map_err(anyhow::Error::msg).with_context(|| format!("event {name}"))?;
        let event = self.store.event(&key).await?;
        let (outcome, reason) = match self.store.apply_event(&event, api::now()).await? {
            Decision::Now { outcome, reason } => (outcome.as_str(), Some(reason)),
            Decision::Before => ("decided before", None),
        };
        tracing::info!(event = %key, outcome, reason, "event replayed");
        Ok(Replayed { event: key.to_string(), outcome, reason })
    }
}
