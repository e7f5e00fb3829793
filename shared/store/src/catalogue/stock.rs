//! A movement of stock: by a delta, once for each idempotency key.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{Adjustment, Error, Product, ProductId, Result, Stock};
use jiff::Timestamp;

use super::parts::Wanted;
use crate::Store;
use crate::idempotency::{Answer, Request};
use crate::item::{Item, from_item, to_item};
use crate::keys::{self, Key};
use crate::table::{Condition, Transaction, Write, undisturbed};

impl Store {
    /// Moves a product's stock. The answer is the new stock; a request that
    /// comes again is answered as before and moves nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such product,
    /// [`Error::StockOutOfRange`] when there are too few pieces,
    /// [`Error::IdempotencyKeyReused`] when the key came with another request;
    /// [`Error::Busy`] and [`Error::Unavailable`] as for every write.
    pub async fn adjust_stock(
        &self,
        id: &ProductId,
        adjustment: &Adjustment,
        request: &Request,
        now: Timestamp,
    ) -> Result<Answer> {
        undisturbed(|| self.try_adjust(id, adjustment, request, now)).await
    }

    async fn try_adjust(
        &self,
        id: &ProductId,
        adjustment: &Adjustment,
        request: &Request,
        now: Timestamp,
    ) -> Result<Option<Answer>> {
        let ground = self.stock_ground(id, request).await?;
        if let Some(answer) = request.replay(ground.record, now)? {
            return self.replayed(id, answer).await;
        }
        let old = ground.stock.ok_or(Error::NotFound("product"));
        let moved = old.and_then(|old| old.adjusted(adjustment, now).map(|new| (old, new)));
        let (old, new) = match moved {
            Ok(moved) => moved,
            Err(refusal) => return self.refused(id, request, now, refusal).await,
        };
        let answer = Answer::first(&new);
        let writes = vec![
            Write::Put(
                with_reason(to_item(keys::stock(id), &new), adjustment),
                Condition::version(old.version),
            ),
            Write::Check(keys::product(id), Condition::LISTED),
            request.record(&answer, now),
        ];
        let outcome = self.table.transact_recorded("adjust stock", writes, request.key()).await;
        if !matches!(outcome, Ok(Transaction::Refused(_))) {
            self.forget_stock(id).await;
        }
        Ok(matches!(outcome?, Transaction::Committed).then_some(answer))
    }

    /// The answer to a request that came before. Its first coming may have been
    /// cut off before the cache forgot, so the cache forgets now.
    async fn replayed(&self, id: &ProductId, answer: Answer) -> Result<Option<Answer>> {
        self.forget_stock(id).await;
        Ok(Some(answer))
    }

    /// A refusal, unless the request has meanwhile been carried out by its
    /// twin: a batch read is consistent item by item, not as a whole, so the
    /// stock may show what the record did not yet.
    async fn refused(
        &self,
        id: &ProductId,
        request: &Request,
        now: Timestamp,
        refusal: Error,
    ) -> Result<Option<Answer>> {
        let record = self.table.get("read idempotency record", request.key()).await?;
        match request.replay(record, now)? {
            Some(answer) => self.replayed(id, answer).await,
            None => Err(refusal),
        }
    }

    async fn forget_stock(&self, id: &ProductId) {
        self.cache.invalidate(&[Wanted::Stock.cache_key(id).erase()], &[]).await;
    }

    /// The stock as it stands, and whether the request came before, in one call.
    async fn stock_ground(&self, id: &ProductId, request: &Request) -> Result<Ground> {
        let wanted = [request.key(), keys::product(id), keys::stock(id)];
        let items = self.table.batch_get("read stock to adjust", wanted.to_vec()).await?;
        let mut found = wanted.map(|key| items.iter().find(|item| has_key(item, &key)).cloned());
        let product: Option<Product> = found[1].take().map(|item| from_item("product", item)).transpose()?;
        let listed = product.is_some_and(|product| !product.is_archived());
        let stock = found[2].take().filter(|_| listed).map(|item| from_item("stock", item)).transpose()?;
        Ok(Ground { record: found[0].take(), stock })
    }
}

/// The item says why it moved last, and the table's stream why it ever did.
fn with_reason(mut item: Item, adjustment: &Adjustment) -> Item {
    item.insert("reason".to_owned(), AttributeValue::S(adjustment.reason.as_str().to_owned()));
    item
}

struct Ground {
    record: Option<Item>,
    stock: Option<Stock>,
}

fn has_key(item: &Item, key: &Key) -> bool {
    let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    part("pk") == Some(&key.pk) && part("sk") == Some(&key.sk)
}
