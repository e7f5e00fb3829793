//! Loads what the fleet reads most into the cache, before somebody waits for it.
//!
//! What that is, the fleet's own counts of reads say: the first pages of the most read
//! categories, and the most read products with their prices and stock. It loads as any
//! reader does, so that what it leaves in the cache is as right as what they do; and
//! its reads do not count, else what was popular would stay so. It may run twice at
//! once, be cut off or fail: that costs speed, and the next run does the rest.

use anyhow::{Context, Result};
use monitoring::{Monitoring, Read};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Store, Warmth};

/// Products of one run: all that a small shop has, and of a large one what most ask for.
const PRODUCTS: usize = 500;
/// Categories of one run.
const CATEGORIES: usize = 100;

/// The function.
#[derive(Clone, Debug)]
pub struct Warmer {
    store: Store,
    monitoring: Monitoring,
}

/// What the event may say; a schedule's says nothing of it.
#[derive(Debug, Default, Deserialize)]
struct Event {
    #[serde(default)]
    dry_run: bool,
}

/// What was done, or would be.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Report {
    /// What became of each entry.
    Run(Warmth),
    /// What would be loaded, unless it is there already, the most read first.
    DryRun {
        /// Categories, and how often their pages were read in the last hour or two.
        categories: Vec<Reads>,
        /// The same of products.
        products: Vec<Reads>,
    },
}

/// Something that is read.
#[derive(Debug, Serialize)]
pub struct Reads {
    name: String,
    reads: u64,
}

impl Warmer {
    /// Sets it up from the variables of an environment.
    ///
    /// # Errors
    /// When a setting is missing or makes no sense.
    pub fn new(variable: &impl Fn(&str) -> Option<String>, monitoring: &Monitoring) -> Result<Self> {
        let store = Store::open(&store::Config::read(variable)?, monitoring)?;
        Ok(Self { store, monitoring: monitoring.clone() })
    }

    /// One run, until the invocation's deadline at most.
    ///
    /// # Errors
    /// When there is no shared cache, or it cannot be asked; when the event makes no
    /// sense.
    pub async fn handle(self, event: Value) -> Result<Report> {
        let event: Event = serde_json::from_value(event).context("the event cannot be read")?;
        let categories = self.most_read(Read::Category, CATEGORIES).await?;
        let products = self.most_read(Read::Product, PRODUCTS).await?;
        if event.dry_run {
            return Ok(Report::DryRun { categories: reads(categories), products: reads(products) });
        }
        let names = |reads: Vec<(String, u64)>| reads.into_iter().map(|(name, _)| name).collect();
        let warmth = self.store.warm(names(categories), names(products)).await;
        let Warmth { loaded, refreshed, skipped, failed, unfinished } = warmth;
        tracing::info!(loaded, refreshed, skipped, failed, unfinished, "cache warmed");
        Ok(Report::Run(warmth))
    }

    async fn most_read(&self, what: Read, most: usize) -> Result<Vec<(String, u64)>> {
        let read = self.monitoring.most_read(what, most).await;
        read.context("there is no shared cache, or it does not answer: nothing to warm")
    }
}

fn reads(reads: Vec<(String, u64)>) -> Vec<Reads> {
    reads.into_iter().map(|(name, reads)| Reads { name, reads }).collect()
}
