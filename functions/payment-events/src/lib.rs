//! Applies what payment providers said: to the order, its payment, and the event
//! itself, in one transaction.
//!
//! It is invoked in three ways, each in a file of its own: with a batch of the
//! table's stream, as events come in; by a schedule, to find what a crash or a
//! time-out has left undone; and by hand, with an event to try again
//! (`{"replay": "stripe/evt_1"}`) or for those that failed (`{"failed": true}`). All may
//! run at once, twice, or be cut off: each event is applied once.

mod replay;
mod stream;
mod sweep;

use anyhow::Result;
use api::Batch;
use monitoring::Monitoring;
use serde_json::Value;
use store::Store;

/// The function.
#[derive(Clone, Debug)]
pub struct PaymentEvents {
    store: Store,
}

impl PaymentEvents {
    /// Sets it up from the variables of an environment.
    ///
    /// # Errors
    /// When a setting is missing or makes no sense.
    pub fn new(variable: &impl Fn(&str) -> Option<String>, monitoring: &Monitoring) -> Result<Self> {
        Ok(Self { store: Store::open(&store::Config::read(variable)?, monitoring)? })
    }

    /// One invocation, until its deadline at most.
    ///
    /// # Errors
    /// When it has to come again as a whole, or could not do what was asked by hand.
    pub async fn handle(self, event: Value) -> Result<Value> {
        let answer = if Batch::is(&event) {
            serde_json::to_value(self.apply_batch(Batch::read(event)?).await)
        } else if let Some(event) = event.get("replay") {
            serde_json::to_value(self.replay(event).await?)
        } else if event.get("failed").is_some() {
            serde_json::to_value(self.failed().await)
        } else {
            serde_json::to_value(self.sweep().await?)
        };
        Ok(answer?)
    }
}
