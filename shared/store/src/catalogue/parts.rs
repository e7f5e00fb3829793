//! Products by id: three items each, cached apart and fetched together.
//!
//! Product, stock and price change at different times, so each has an entry of
//! its own with an age of its own. A page of products is one round trip to
//! the cache for all entries of all products, and one to the table for those
//! that the cache lacks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cache::{AnyKey, Key, Kind, Policy, Tag};
use domain::{Error, Price, ProductId, ProductPart, Result, Stock, Version};
use monitoring::{Carrier, Read};
use retry::deadline;

use super::{Listing, entries};
use crate::item::{Item, from_item, key_of, text};
use crate::load::{LOADED, LoadError};
use crate::table::Table;
use crate::{Store, keys};

const PRODUCT: Kind<ProductPart> = Kind::new(
    "product",
    1,
    Policy {
        fresh: Duration::from_mins(30),
        l1: Some(Duration::from_secs(5)),
        stale_while_revalidate: Duration::from_mins(5),
        stale_if_error: Duration::from_hours(24),
        ..PART
    },
);
const STOCK: Kind<ProductPart> = Kind::new(
    "inventory",
    1,
    Policy { fresh: Duration::from_mins(1), l1: Some(Duration::from_secs(1)), ..PART },
);
const PRICE: Kind<ProductPart> = Kind::new(
    "pricing",
    1,
    Policy {
        fresh: Duration::from_mins(5),
        l1: Some(Duration::from_secs(2)),
        stale_while_revalidate: Duration::from_secs(30),
        stale_if_error: Duration::from_hours(1),
        ..PART
    },
);

/// What the three have in common. An id that is not there is remembered for as
/// long as it takes to ask for it often; creating it makes the cache forget.
const PART: Policy = Policy { negative: Some(Duration::from_secs(30)), ..LOADED };

impl Store {
    /// The product with this id, its price and its stock.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, or it is archived.
    pub async fn product(&self, id: &ProductId) -> Result<Listing> {
        let mut listings = self.products(std::slice::from_ref(id)).await?;
        listings.pop().ok_or(Error::NotFound("product"))
    }

    /// Those of the products that are in the catalogue, in the order asked for.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when what the cache lacks cannot be read.
    pub async fn products(&self, ids: &[ProductId]) -> Result<Vec<Listing>> {
        for id in ids {
            self.monitoring.read(Read::Product, id.as_str());
        }
        self.listings(ids).await
    }

    /// The same, for nobody who reads them.
    pub(crate) async fn listings(&self, ids: &[ProductId]) -> Result<Vec<Listing>> {
        let wanted =
            ids.iter().flat_map(|id| [Wanted::Product, Wanted::Price, Wanted::Stock].map(|part| (part, id)));
        let parts = self.parts(wanted).await?;
        Ok(parts
            .chunks(3)
            .filter_map(|parts| listing(parts[0].as_deref()?, parts[1].as_deref()?, parts[2].as_deref()?))
            .collect())
    }

    /// The stock of a product that is in the catalogue.
    ///
    /// # Errors
    /// As [`Self::product`].
    pub async fn stock(&self, id: &ProductId) -> Result<Stock> {
        match self.listed_part(id, Wanted::Stock).await?.as_deref() {
            Some(ProductPart::Stock(stock)) => Ok(stock.clone()),
            _ => Err(Error::NotFound("product")),
        }
    }

    /// The price of a product that is in the catalogue.
    ///
    /// # Errors
    /// As [`Self::product`].
    pub async fn price(&self, id: &ProductId) -> Result<Price> {
        match self.listed_part(id, Wanted::Price).await?.as_deref() {
            Some(ProductPart::Price(price)) => Ok(price.clone()),
            _ => Err(Error::NotFound("product")),
        }
    }

    /// One part, if the product itself is in the catalogue.
    async fn listed_part(&self, id: &ProductId, part: Wanted) -> Result<Option<Arc<ProductPart>>> {
        self.monitoring.read(Read::Product, id.as_str());
        let mut parts = self.parts([(Wanted::Product, id), (part, id)]).await?;
        let part = parts.pop().flatten();
        let listed = matches!(parts.first(), Some(Some(product)) if is_listed(product));
        Ok(part.filter(|_| listed))
    }

    async fn parts(
        &self,
        wanted: impl IntoIterator<Item = (Wanted, &ProductId)>,
    ) -> Result<Vec<Option<Arc<ProductPart>>>> {
        let wanted: Vec<(Wanted, ProductId)> =
            wanted.into_iter().map(|(part, id)| (part, id.clone())).collect();
        let keys: Vec<Key<ProductPart>> = wanted.iter().map(|(part, id)| part.cache_key(id)).collect();
        let (table, deadline, work) = (self.table.clone(), deadline::current(), Carrier::here());
        let load = move |missing: Vec<usize>| {
            let wanted = missing.into_iter().map(|index| wanted[index].clone()).collect();
            let load = async move { Ok::<_, LoadError>(load(&table, wanted).await?) };
            work.carry(deadline::scope(deadline, load))
        };
        self.cache.get_many(&keys, load).await.map_err(Error::from)
    }

    /// Drops all that the cache holds of a product, and the tagged pages.
    pub(super) async fn forget_product(&self, id: &ProductId, pages: &[Tag]) {
        let parts = [Wanted::Product, Wanted::Price, Wanted::Stock].map(|part| part.cache_key(id).erase());
        self.cache.invalidate(&parts, pages).await;
    }

    /// The refusal of a write that starts from an old version.
    ///
    /// The caller may have read an old copy, or repeats a write whose answer,
    /// and whose invalidation, were lost: either way the cache forgets, so that
    /// the next read shows what stands.
    pub(super) async fn stale<T>(&self, old: &Listing, current: Version) -> Result<T> {
        self.forget_product(&old.product.id, &entries::tags([&old.product])).await;
        Err(Error::Stale { current })
    }

    /// What stands in the table now, past the cache: the ground of a write.
    ///
    /// If it is not there, the cache forgets it: whoever asks may repeat a removal
    /// that was cut off before the cache forgot.
    pub(super) async fn current(&self, operation: &'static str, id: &ProductId) -> Result<Listing> {
        let keys = vec![keys::product(id), keys::price(id), keys::stock(id)];
        let mut found = by_key(self.table.batch_get(operation, keys).await?)?;
        let mut part = |key: keys::Key| found.remove(&key);
        let parts = (part(keys::product(id)), part(keys::price(id)), part(keys::stock(id)));
        let current = match &parts {
            (Some(product), Some(price), Some(stock)) => listing(product, price, stock),
            _ => None,
        };
        if current.is_none() {
            self.forget_product(id, &[]).await;
        }
        current.ok_or(Error::NotFound("product"))
    }
}

/// Which item of a product.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Product,
    Price,
    Stock,
}

impl Wanted {
    pub(super) fn cache_key(self, id: &ProductId) -> Key<ProductPart> {
        match self {
            Self::Product => PRODUCT.key(id.as_str()),
            Self::Price => PRICE.key(id.as_str()),
            Self::Stock => STOCK.key(id.as_str()),
        }
    }

    fn table_key(self, id: &ProductId) -> keys::Key {
        match self {
            Self::Product => keys::product(id),
            Self::Price => keys::price(id),
            Self::Stock => keys::stock(id),
        }
    }
}

/// Reads the wanted parts, in their order.
async fn load(table: &Table, wanted: Vec<(Wanted, ProductId)>) -> Result<Vec<Option<ProductPart>>> {
    let keys: Vec<keys::Key> = wanted.iter().map(|(part, id)| part.table_key(id)).collect();
    let mut found = by_key(table.batch_get("read products", keys.clone()).await?)?;
    Ok(keys.iter().map(|key| found.remove(key)).collect())
}

fn by_key(items: Vec<Item>) -> Result<HashMap<keys::Key, ProductPart>> {
    items.into_iter().map(|item| Ok((key_of("product", &item)?, part(item)?))).collect()
}

fn part(item: Item) -> Result<ProductPart> {
    match text("product", &item, "sk")? {
        "PRICE" => from_item("price", item).map(ProductPart::Price),
        "STOCK" => from_item("stock", item).map(ProductPart::Stock),
        _ => from_item("product", item).map(ProductPart::Product),
    }
}

/// The products of the catalogue whose items are among these, by id.
pub(crate) fn joined(items: Vec<Item>) -> Result<HashMap<ProductId, Listing>> {
    let parts = by_key(items)?;
    let ids = parts.values().filter_map(|part| match part {
        ProductPart::Product(product) => Some(&product.id),
        ProductPart::Stock(_) | ProductPart::Price(_) => None,
    });
    let part = |key: keys::Key| parts.get(&key);
    let listed = |id: &ProductId| {
        let parts = (part(keys::product(id))?, part(keys::price(id))?, part(keys::stock(id))?);
        Some((id.clone(), listing(parts.0, parts.1, parts.2)?))
    };
    Ok(ids.filter_map(listed).collect())
}

/// What the cache knows of a product's stock.
pub(crate) fn stock_key(id: &ProductId) -> AnyKey {
    Wanted::Stock.cache_key(id).erase()
}

fn is_listed(part: &ProductPart) -> bool {
    matches!(part, ProductPart::Product(product) if !product.is_archived())
}

/// Joins a product's parts, if it is in the catalogue.
fn listing(product: &ProductPart, price: &ProductPart, stock: &ProductPart) -> Option<Listing> {
    match (product, price, stock) {
        (ProductPart::Product(product), ProductPart::Price(price), ProductPart::Stock(stock))
            if !product.is_archived() =>
        {
            Some(Listing { product: product.clone(), price: price.clone(), stock: stock.clone() })
        }
        _ => None,
    }
}
