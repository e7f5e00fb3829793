//! Pages of product ids that a search finds.
//!
//! A search reads the entries of one term in one partition, and each entry
//! holds all tokens of its product, so the other words are decided on the spot.

use std::time::Duration;

use cache::{Key, Kind, Policy};
use domain::{Driver, ProductId, Query, Result};

use super::entries::{TermEntry, term_tag};
use super::pages::IdPage;
use super::{Page, PageRequest};
use crate::Store;
use crate::item::from_item;
use crate::keys;
use crate::load::{LOADED, LoadError, part_of_work};
use crate::table::{Range, Table};

const SEARCH: Kind<IdPage> = Kind::new(
    "product search",
    1,
    Policy {
        fresh: Duration::from_mins(10),
        l1: Some(Duration::from_secs(5)),
        stale_while_revalidate: Duration::from_mins(2),
        stale_if_error: Duration::from_hours(1),
        ..LOADED
    },
);

/// Reads for one page at the most. A search for words that are common
/// alone and rare together then ends with a short page and a cursor, so that
/// the cost of a page does not grow with the catalogue.
const READS_AT_MOST: usize = 10;

/// Entries of one read.
const READ: usize = 200;

impl Store {
    /// A page of the products that match, by matching word and id.
    ///
    /// # Errors
    /// [`domain::Error::Unavailable`] when it cannot be read.
    pub async fn search_products(&self, query: &Query, request: PageRequest) -> Result<Page> {
        let key = cache_key(query, &request);
        let (table, query) = (self.table.clone(), query.clone());
        let load = async move { Ok::<_, LoadError>(Some(search_page(&table, &query, &request).await?)) };
        let load = part_of_work(load);
        let page = self.cache.get_or_load(&key, || load).await?;
        self.fill(page.as_deref()).await
    }
}

fn cache_key(query: &Query, request: &PageRequest) -> Key<IdPage> {
    let after = request.after.as_deref().unwrap_or_default();
    let key = SEARCH.key(format!("{query}#{}#{after}", request.limit));
    query.words().fold(key, |key, word| key.tagged(term_tag(word)))
}

async fn search_page(table: &Table, query: &Query, request: &PageRequest) -> Result<IdPage> {
    let keys::Key { pk, sk: prefix } = keys::term_range(query.driver());
    let mut walk = Walk { found: Vec::new(), read: request.after.clone() };
    for _ in 0..READS_AT_MOST {
        let range =
            Range { pk: &pk, prefix: &prefix, after: walk.read.as_deref(), limit: READ, backward: false };
        let items = table.query("search products", &range).await?;
        let end = items.len() < READ;
        for item in items {
            walk.meet(query, from_item("search entry", item)?);
        }
        if end || walk.found.len() > request.limit {
            return Ok(walk.page(request.limit, end));
        }
    }
    Ok(walk.page(request.limit, false))
}

/// What a walk along the entries has met.
struct Walk {
    /// The products found, each with the sort key of its entry.
    found: Vec<(String, ProductId)>,
    /// The sort key read last.
    read: Option<String>,
}

impl Walk {
    fn meet(&mut self, query: &Query, entry: TermEntry) {
        let sk = keys::term_entry(&entry.term, &entry.id).sk;
        self.read = Some(sk.clone());
        if finds(query, &entry) {
            self.found.push((sk, entry.id));
        }
    }

    /// The page, which ends where the last product of it was found; or, when
    /// there are fewer and the entries go on, where reading stopped.
    fn page(mut self, limit: usize, end: bool) -> IdPage {
        let more = self.found.len() > limit;
        self.found.truncate(limit);
        let next = match self.found.last() {
            Some((sk, _)) if more => Some(sk.clone()),
            _ => self.read.filter(|_| !end),
        };
        IdPage { ids: self.found.into_iter().map(|(_, id)| id).collect(), next }
    }
}

/// Whether this entry is the one under which its product is found.
fn finds(query: &Query, entry: &TermEntry) -> bool {
    let in_turn = match query.driver() {
        Driver::Word(_) => true,
        Driver::Prefix(prefix) if entry.term == prefix && !entry.tokens.contains(prefix) => true,
        Driver::Prefix(_) => query.first_match(&entry.tokens) == Some(&entry.term),
    };
    in_turn && query.matches(&entry.tokens)
}
