//! What a change of a product's items outdates: the same as its writer knows.

use cache::Tag;
use domain::{Error, Product, ProductId, Result};

use super::entries;
use super::parts::Wanted;
use crate::changes::{Outdated, TableChange};
use crate::item::{Item, from_item};

/// What a change of a product, its price or its stock outdates. Stock and price
/// are on no page. Of a product that cannot be read the pages are not known.
pub(crate) fn outdated(change: &TableChange) -> Outdated {
    let part = match change.key.sk.as_str() {
        "PRODUCT" => Wanted::Product,
        "PRICE" => Wanted::Price,
        "STOCK" => Wanted::Stock,
        _ => return Outdated::default(),
    };
    let id = change.key.pk.split_once('#').and_then(|(_, id)| ProductId::new(id).ok());
    let keys = id.map(|id| part.cache_key(&id).erase()).into_iter().collect();
    let tags = if matches!(part, Wanted::Product) { pages(change) } else { Ok(Vec::new()) };
    Outdated { keys, tags: tags.unwrap_or_else(|error| unknown(change, &error)) }
}

fn unknown(change: &TableChange, error: &Error) -> Vec<Tag> {
    let (item, error) = (&change.key.pk, error as &dyn std::error::Error);
    tracing::error!(item, error, "the cache cannot be told which pages have changed");
    Vec::new()
}

fn pages(change: &TableChange) -> Result<Vec<Tag>> {
    let listed = |image: &Option<Item>| -> Result<Option<Product>> {
        let product: Option<Product> = image.clone().map(|item| from_item("product", item)).transpose()?;
        Ok(product.filter(|product| !product.is_archived()))
    };
    Ok(match (listed(&change.old)?, listed(&change.new)?) {
        (Some(old), Some(new)) => entries::tags_of_edit(&old, &new),
        (one, other) => one.or(other).map(|product| entries::tags([&product])).unwrap_or_default(),
    })
}
