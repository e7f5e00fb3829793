//! An edit of a product, and of its price with it.

use domain::{Error, Product, ProductId, Result, Version};
use jiff::Timestamp;

use super::{Change, Listing, entries};
use crate::Store;
use crate::item::to_item;
use crate::keys;
use crate::table::{Condition, Transaction, Write, undisturbed};

impl Store {
    /// Replaces what a product says of itself, if the caller has seen its
    /// current version. `change` makes the new from the old.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Stale`] when there is no such product
    /// or version; what `change` refuses; [`Error::Busy`] and
    /// [`Error::Unavailable`] as for every write.
    pub async fn edit_product<E: From<Error>>(
        &self,
        id: &ProductId,
        seen: Version,
        now: Timestamp,
        change: impl Fn(&Listing) -> Result<Change, E>,
    ) -> Result<Listing, E> {
        undisturbed(|| self.try_edit(id, seen, now, &change)).await
    }

    /// One try; nothing when something moved between the read and the write.
    async fn try_edit<E: From<Error>>(
        &self,
        id: &ProductId,
        seen: Version,
        now: Timestamp,
        change: &impl Fn(&Listing) -> Result<Change, E>,
    ) -> Result<Option<Listing>, E> {
        let old = self.current("read product to edit", id).await?;
        if old.product.version != seen {
            return Ok(self.stale(&old, old.product.version).await?);
        }
        let new = edited(&old, change(&old)?, now);
        let outcome = self.table.transact("edit product", writes(&old, &new)).await;
        if !matches!(outcome, Ok(Transaction::Refused(_))) {
            self.forget_product(id, &entries::tags_of_edit(&old.product, &new.product)).await;
        }
        Ok(matches!(outcome?, Transaction::Committed).then_some(new))
    }
}

fn edited(old: &Listing, change: Change, now: Timestamp) -> Listing {
    let product = Product {
        name: change.name,
        description: change.description,
        category: change.category,
        tags: change.tags,
        version: old.product.version.next(),
        updated_at: now,
        ..old.product.clone()
    };
    let same_price = old.price.price == change.price;
    let price = if same_price { old.price.clone() } else { old.price.changed(change.price, now) };
    Listing { product, price, stock: old.stock.clone() }
}

fn writes(old: &Listing, new: &Listing) -> Vec<Write> {
    let id = &new.product.id;
    let mut writes =
        vec![Write::Put(to_item(keys::product(id), &new.product), Condition::version(old.product.version))];
    if old.price != new.price {
        writes.push(Write::Put(to_item(keys::price(id), &new.price), Condition::version(old.price.version)));
    }
    writes.extend(entries::update(&old.product, &new.product));
    writes
}
