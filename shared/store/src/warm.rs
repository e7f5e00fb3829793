//! What is read most, loaded before somebody waits for it.

use std::time::Duration;

use cache::Counters;
use domain::{Category, ProductId};
use futures::{StreamExt, stream};
use retry::deadline;

use crate::Store;
use crate::catalogue::PageRequest;

/// Products that are loaded together: one call of DynamoDB takes the three parts of
/// 33.
const TOGETHER: usize = 33;
/// Loads at once; production has slots for five times as many.
const AT_ONCE: usize = 4;
/// Products of a page that nobody asked to be longer or shorter.
const PAGE: usize = 20;
/// Nothing is begun when less than this is left.
const RESERVE: Duration = Duration::from_secs(2);

/// What became of the entries that were to be in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Warmth {
    /// They were missing, and are there now, some as known not to exist.
    pub loaded: u64,
    /// They were past their age, and are loaded anew after the response.
    pub refreshed: u64,
    /// They were there.
    pub skipped: u64,
    /// Pages and batches of products that could not be loaded.
    pub failed: u64,
    /// Pages and batches of products that there was no time for.
    pub unfinished: u64,
}

/// One thing to load.
enum Load {
    Everything,
    Category(Category),
    Products(Vec<ProductId>),
}

/// What became of it.
#[derive(Clone, Copy)]
enum End {
    Done,
    Failed,
    Unfinished,
}

impl Store {
    /// Sees to it that the cache holds the first page of everything and of these
    /// categories, and these products with their prices and stock, until the deadline
    /// at most. What cannot be a name is left out.
    pub async fn warm(&self, categories: Vec<String>, products: Vec<String>) -> Warmth {
        let before = self.cache.counters();
        let mut warmth = Warmth::default();
        let mut ends = stream::iter(loads(categories, &products)).map(|load| self.end(load));
        let mut ends = ends.by_ref().buffer_unordered(AT_ONCE);
        while let Some(end) = ends.next().await {
            warmth.note(end);
        }
        warmth.add(&before, &self.cache.counters());
        warmth
    }

    async fn end(&self, load: Load) -> End {
        if deadline::is_nearer_than(RESERVE) {
            return End::Unfinished;
        }
        let first = PageRequest { limit: PAGE, after: None };
        let loaded = match load {
            Load::Everything => self.warm_page(None, first).await,
            Load::Category(category) => self.warm_page(Some(&category), first).await,
            Load::Products(ids) => self.listings(&ids).await.map(drop),
        };
        match loaded {
            Ok(()) => End::Done,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "what is read most could not be loaded");
                End::Failed
            }
        }
    }
}

/// Pages first: their products are among the most read.
fn loads(categories: Vec<String>, products: &[String]) -> Vec<Load> {
    let categories = categories.into_iter().filter_map(|name| Category::new(&name).ok());
    let products: Vec<ProductId> = products.iter().filter_map(|id| ProductId::new(id).ok()).collect();
    std::iter::once(Load::Everything)
        .chain(categories.map(Load::Category))
        .chain(products.chunks(TOGETHER).map(|ids| Load::Products(ids.to_vec())))
        .collect()
}

impl Warmth {
    fn note(&mut self, end: End) {
        match end {
            End::Done => {}
            End::Failed => self.failed += 1,
            End::Unfinished => self.unfinished += 1,
        }
    }

    /// By what the cache counted meanwhile: nobody else uses this process's.
    fn add(&mut self, before: &Counters, now: &Counters) {
        self.loaded = now.stored - before.stored;
        self.refreshed = now.stale - before.stale;
        self.skipped = (now.l1_hits + now.l2_hits) - (before.l1_hits + before.l2_hits);
    }
}
