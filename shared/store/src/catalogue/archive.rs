//! The end of a product in the catalogue. Its items stay for the orders that
//! name it; only what lists it goes.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Product, ProductId, Result, Version};
use jiff::Timestamp;

use super::entries;
use crate::Store;
use crate::item::to_item;
use crate::keys;
use crate::table::{Condition, Expression, Transaction, Write, undisturbed};

impl Store {
    /// Takes a product out of the catalogue, if the caller has seen its
    /// current version.
    ///
    /// # Errors
    /// As [`Self::edit_product`].
    pub async fn archive_product(&self, id: &ProductId, seen: Version, now: Timestamp) -> Result<()> {
        undisturbed(|| self.try_archive(id, seen, now)).await
    }

    async fn try_archive(&self, id: &ProductId, seen: Version, now: Timestamp) -> Result<Option<()>> {
        let old = self.current("read product to archive", id).await?;
        if old.product.version != seen {
            return self.stale(&old, old.product.version).await;
        }
        let old = old.product;
        let outcome = self.table.transact("archive product", writes(&old, now)).await;
        if !matches!(outcome, Ok(Transaction::Refused(_))) {
            self.forget_product(id, &entries::tags([&old])).await;
        }
        Ok(matches!(outcome?, Transaction::Committed).then_some(()))
    }
}

/// An order looks at the stock alone, so that says too that nothing is sold.
fn close_stock(id: &ProductId, now: Timestamp) -> Write {
    let time = AttributeValue::S(now.to_string());
    let change = Expression::new("SET archived_at = :now", vec![(":now", time)]);
    Write::Update(keys::stock(id), change, Condition::PRESENT)
}

fn writes(old: &Product, now: Timestamp) -> Vec<Write> {
    let archived =
        Product { version: old.version.next(), updated_at: now, archived_at: Some(now), ..old.clone() };
    let put = Write::Put(to_item(keys::product(&old.id), &archived), Condition::version(old.version));
    let mut writes = vec![put, close_stock(&old.id, now)];
    writes.extend(entries::remove(old));
    writes
}
