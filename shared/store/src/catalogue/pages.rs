//! Pages of product ids: a category's, and the whole catalogue's.

use std::sync::Arc;
use std::time::Duration;

use cache::{Key, Kind, Policy};
use domain::{Category, Error, ProductId, Result};
use monitoring::Read;
use serde::{Deserialize, Serialize};

use super::Listing;
use super::entries::{ListEntry, catalogue_tag, category_tag};
use crate::Store;
use crate::item::{from_item, text};
use crate::keys;
use crate::load::{LOADED, LoadError, part_of_work};
use crate::table::{Range, Table};

const PAGE: Kind<IdPage> = Kind::new(
    "products",
    1,
    Policy {
        fresh: Duration::from_mins(15),
        l1: Some(Duration::from_secs(5)),
        stale_while_revalidate: Duration::from_mins(2),
        stale_if_error: Duration::from_hours(1),
        ..LOADED
    },
);

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The most items, 1 to 100.
    pub limit: usize,
    /// Where the page before ended, as its [`Page::next`] said.
    pub after: Option<String>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The products that are in the catalogue, in the list's order. There may
    /// be fewer than asked for, even when more pages follow.
    pub items: Vec<Listing>,
    /// Where this page ends, if there may be more.
    pub next: Option<String>,
}

/// A page as it is cached: ids only, so that an edit of a product touches its
/// own entries, and a page only when membership or order changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IdPage {
    pub(super) ids: Vec<ProductId>,
    pub(super) next: Option<String>,
}

impl Store {
    /// A page of a category, by name; or of everything, in no promised order.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be read.
    pub async fn product_page(&self, category: Option<&Category>, request: PageRequest) -> Result<Page> {
        if let Some(category) = category {
            self.monitoring.read(Read::Category, category.as_str());
        }
        let page = self.page_of_ids(category, request).await?;
        self.fill(page.as_deref()).await
    }

    /// The same, and the products on it, for nobody who reads them.
    pub(crate) async fn warm_page(&self, category: Option<&Category>, request: PageRequest) -> Result<()> {
        let page = self.page_of_ids(category, request).await?;
        self.listings(page.as_deref().map_or(&[], |page| &page.ids)).await.map(drop)
    }

    async fn page_of_ids(
        &self,
        category: Option<&Category>,
        request: PageRequest,
    ) -> Result<Option<Arc<IdPage>>> {
        let key = cache_key(category, &request);
        let (table, category) = (self.table.clone(), category.cloned());
        let load = async move {
            let page = match category {
                Some(category) => category_page(&table, &category, &request).await?,
                None => catalogue_page(&table, &request).await?,
            };
            Ok::<_, LoadError>(Some(page))
        };
        let load = part_of_work(load);
        Ok(self.cache.get_or_load(&key, || load).await?)
    }

    /// The products of a page of ids.
    pub(super) async fn fill(&self, page: Option<&IdPage>) -> Result<Page> {
        let Some(page) = page else { return Ok(Page { items: Vec::new(), next: None }) };
        Ok(Page { items: self.products(&page.ids).await?, next: page.next.clone() })
    }
}

fn cache_key(category: Option<&Category>, request: &PageRequest) -> Key<IdPage> {
    let after = request.after.as_deref().unwrap_or_default();
    let limit = request.limit;
    match category {
        Some(category) => {
            let list = keys::category_partition(category);
            PAGE.key(format!("{list}#{limit}#{after}")).tagged(category_tag(category))
        }
        None => PAGE.key(format!("CATALOGUE#{limit}#{after}")).tagged(catalogue_tag()),
    }
}

async fn category_page(table: &Table, category: &Category, request: &PageRequest) -> Result<IdPage> {
    let pk = keys::category_partition(category);
    let after = request.after.as_deref();
    // One more than asked for tells whether another page follows.
    let range = Range { pk: &pk, prefix: "", after, limit: request.limit + 1, backward: false };
    let mut items = table.query("list category", &range).await?;
    let more = items.len() > request.limit;
    items.truncate(request.limit);
    let last = items.last().map(|item| text("category entry", item, "sk").map(str::to_owned)).transpose()?;
    let ids = items.into_iter().map(|item| Ok(from_item::<ListEntry>("category entry", item)?.id));
    Ok(IdPage { ids: ids.collect::<Result<_>>()?, next: last.filter(|_| more) })
}

/// Walks shard after shard until the page is full. The walk reads at most one
/// page and one query for each shard, however large the catalogue is.
async fn catalogue_page(table: &Table, request: &PageRequest) -> Result<IdPage> {
    let (first, mut after) = position(request.after.as_deref())?;
    let mut ids: Vec<(u8, ProductId)> = Vec::new();
    for shard in first..keys::CATALOGUE_SHARDS {
        let limit = request.limit + 1 - ids.len();
        let pk = keys::catalogue_partition(shard);
        let range = Range { pk: &pk, prefix: "", after: after.take(), limit, backward: false };
        for item in table.query("list catalogue", &range).await? {
            ids.push((shard, from_item::<ListEntry>("catalogue entry", item)?.id));
        }
        if ids.len() > request.limit {
            break;
        }
    }
    let more = ids.len() > request.limit;
    ids.truncate(request.limit);
    let next = ids.last().filter(|_| more).map(|(shard, id)| format!("{shard}/{id}"));
    Ok(IdPage { ids: ids.into_iter().map(|(_, id)| id).collect(), next })
}

/// Where a walk goes on: the shard, and the id within it. Positions come from
/// us under a signature, so one that makes no sense is ours to answer for.
fn position(after: Option<&str>) -> Result<(u8, Option<&str>)> {
    let Some(after) = after else { return Ok((0, None)) };
    let parsed = after.split_once('/').and_then(|(shard, id)| Some((shard.parse().ok()?, Some(id))));
    parsed.ok_or_else(|| Error::corrupt("list position", "no shard and id"))
}
