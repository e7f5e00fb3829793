//! A run by the clock: events that came a while ago and are still undecided.

use anyhow::{Result, ensure};
use store::Sweep;

use crate::PaymentEvents;

impl PaymentEvents {
    /// Decides what was left undecided.
    ///
    /// # Errors
    /// When something went wrong, so that it shows among the function's errors.
    /// What was done is done.
    pub(crate) async fn sweep(&self) -> Result<Sweep> {
        let sweep = self.store.sweep_events(api::now()).await;
        let Sweep { applied, ignored, failed, skipped, errors, unfinished } = sweep;
        tracing::info!(applied, ignored, failed, skipped, errors, unfinished, "undecided events swept");
        ensure!(errors == 0, "{errors} events or shards could not be swept");
        Ok(sweep)
    }
}
