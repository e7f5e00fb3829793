//! Calls off the orders that nobody paid in time, every minute.
//!
//! What its event says does not count: each run does what is due. It may run
//! twice at once, be cut off or fail, and the next run does the rest.

use anyhow::{Result, ensure};
use monitoring::Monitoring;
use store::{Expiry, Store};

/// The function.
#[derive(Clone, Debug)]
pub struct Expirer {
    store: Store,
}

impl Expirer {
    /// Sets it up from the variables of an environment.
    ///
    /// # Errors
    /// When a setting is missing or makes no sense.
    pub fn new(variable: &impl Fn(&str) -> Option<String>, monitoring: &Monitoring) -> Result<Self> {
        Ok(Self { store: Store::open(&store::Config::read(variable)?, monitoring)? })
    }

    /// One run, until the invocation's deadline at most.
    ///
    /// # Errors
    /// When something could not be done that was due, so that it shows among the
    /// function's errors. What was done is done.
    pub async fn run(self) -> Result<Expiry> {
        let expiry = self.store.expire_orders(api::now()).await;
        let Expiry { expired, skipped, failed, unfinished } = expiry;
        tracing::info!(expired, skipped, failed, unfinished, "orders expired");
        ensure!(failed == 0, "{failed} orders or shards could not be expired");
        Ok(expiry)
    }
}
