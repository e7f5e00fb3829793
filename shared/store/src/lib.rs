//! Where the shop's data lives: one DynamoDB table, read through the cache.
//!
//! The one rule: DynamoDB is the only truth. A write is one transaction, and
//! the cache forgets what it touched right after, whether the transaction's
//! answer arrived or not. Each noun's table keys, cache keys, policies,
//! loaders and invalidation stand in one file, because staleness bugs live in
//! the gap between them. No HTTP here: refusals are [`domain::Error`]s.

mod caching;
mod carts;
mod catalogue;
mod changes;
mod config;
mod connection;
mod due;
mod idempotency;
mod inbox;
mod item;
mod keys;
mod load;
mod orders;
mod table;
mod users;
mod warm;

use std::time::Duration;

use cache::Cache;
use monitoring::{DatabaseUse, Monitoring};

pub use catalogue::{Change, Listing, NewProduct, Page, PageRequest};
pub use changes::TableChange;
pub use config::{CacheConfig, Config, ConfigError, Credentials};
pub use connection::http_client;
pub use idempotency::{Answer, Request};
pub use inbox::{Decision, Event, FailedEvents, Kept, Outcome, Sweep};
pub use orders::{Expiry, NewOrder, OrderPage, OrderSource, Purchase};
use table::Table;
pub use users::Person;
pub use warm::Warmth;

/// The shop's data. Cheap to clone: clones share connections and cache.
#[derive(Clone, Debug)]
pub struct Store {
    table: Table,
    cache: Cache,
    monitoring: Monitoring,
}

impl Store {
    /// Opens table and cache. No I/O happens before the first call. What the cache
    /// serves stale is loaded anew after the response.
    ///
    /// # Errors
    /// [`ConfigError`] when the cache's settings make no sense.
    pub fn open(config: &Config, monitoring: &Monitoring) -> Result<Self, ConfigError> {
        let cache = caching::open(config, monitoring)?;
        let table = Table::new(config, monitoring);
        report(&table, monitoring);
        if connection::is_encrypted(config.endpoint.as_deref()) {
            let connecting = table.clone();
            monitoring.at_init(async move { connecting.connect().await });
        }
        Ok(Self { table, cache, monitoring: monitoring.clone() })
    }

    /// Asks DynamoDB for one item, past the cache: is the table there, does it
    /// let us in, and how long does it take?
    ///
    /// # Errors
    /// [`domain::Error::Unavailable`] when it does not answer, or refuses.
    pub async fn ping(&self) -> domain::Result<Duration> {
        let start = std::time::Instant::now();
        self.table.get("health probe", keys::health()).await?;
        Ok(start.elapsed())
    }

    /// What was asked of the table since the process began.
    pub fn database_use(&self) -> DatabaseUse {
        self.table.use_so_far()
    }

    /// The cache before the table, for its counters and its health.
    pub const fn cache(&self) -> &Cache {
        &self.cache
    }
}

/// Says in the log, now and then, what was asked of the table.
fn report(table: &Table, monitoring: &Monitoring) {
    let (table, mut before) = (table.clone(), DatabaseUse::default());
    monitoring.source(move |_| {
        let now = table.use_so_far();
        now.log_since(&before);
        before = now;
    });
}
