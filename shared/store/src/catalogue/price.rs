//! A change of price alone.

use domain::{Error, Money, Price, ProductId, Result, Version};
use jiff::Timestamp;
use retry::Outcome;

use super::parts::Wanted;
use crate::Store;
use crate::item::to_item;
use crate::keys;
use crate::table::{Condition, RACE, Transaction, Write};

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
        RACE.run(async || match self.try_set_price(id, seen, price, now).await {
            Ok(Some(price)) => Outcome::Done(Ok(price)),
            Ok(None) => Outcome::Again(Error::Busy),
            Err(error) => Outcome::Done(Err(error)),
        })
        .await
    }

    async fn try_set_price(
        &self,
        id: &ProductId,
        seen: Version,
        price: Money,
        now: Timestamp,
    ) -> Result<Option<Price>> {
        let old = self.current("read price to change", id).await?.price;
        if old.version != seen {
            return Err(Error::Stale { current: old.version });
        }
        let new = old.changed(price, now);
        let writes = vec![
            Write::Put(to_item(keys::price(id), &new), Condition::version(seen)),
            Write::Check(keys::product(id), Condition::LISTED),
        ];
        let outcome = self.table.transact("set price", writes).await;
        if !matches!(outcome, Ok(Transaction::Refused)) {
            self.cache.invalidate(&[Wanted::Price.cache_key(id).erase()], &[]).await;
        }
        Ok(matches!(outcome?, Transaction::Committed).then_some(new))
    }
}
