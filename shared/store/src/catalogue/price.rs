//! A change of price alone.
//!
//! It counts as a change of the product too, whose representation shows the
//! price: an edit that starts from the old price is stale then.

use domain::{Money, Price, Product, ProductId, Result, Version};
use jiff::Timestamp;

use crate::Store;
use crate::item::to_item;
use crate::keys;
use crate::table::{Condition, Transaction, Write, undisturbed};

impl Store {
    /// Sets a product's price, if the caller has seen its current version.
    ///
    /// # Errors
    /// As [`Self::edit_product`].
    pub async fn set_price(
        &self,
        id: &ProductId,
        seen: Version,
        price: Money,
        now: Timestamp,
    ) -> Result<Price> {
        undisturbed(|| self.try_set_price(id, seen, price, now)).await
    }

    async fn try_set_price(
        &self,
        id: &ProductId,
        seen: Version,
        price: Money,
        now: Timestamp,
    ) -> Result<Option<Price>> {
        let old = self.current("read price to change", id).await?;
        if old.price.version != seen {
            return self.stale(&old, old.price.version).await;
        }
        let new = old.price.changed(price, now);
        let product = Product { version: old.product.version.next(), updated_at: now, ..old.product.clone() };
        let writes = vec![
            Write::Put(to_item(keys::price(id), &new), Condition::version(seen)),
            Write::Put(to_item(keys::product(id), &product), Condition::version(old.product.version)),
        ];
        let outcome = self.table.transact("set price", writes).await;
        if !matches!(outcome, Ok(Transaction::Refused(_))) {
            self.forget_product(id, &[]).await;
        }
        Ok(matches!(outcome?, Transaction::Committed).then_some(new))
    }
}
