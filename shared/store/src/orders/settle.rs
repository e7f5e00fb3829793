//! What a payment provider says, applied to payment and order at once.

use domain::{OrderId, Receipt, Result};

use super::{NO_ORDER, Purchase, order_write, payment_write, purchase, whole};
use crate::Store;
use crate::keys;
use crate::table::{Condition, Transaction, Write, undisturbed};

impl Store {
    /// Applies what a provider says of an order's payment. What it said before
    /// changes nothing, and the answer is how things stand.
    ///
    /// # Errors
    /// [`domain::Error::NotFound`] when there is no such order;
    /// [`domain::Error::Busy`] and [`domain::Error::Unavailable`] as for every write.
    pub async fn settle_payment(&self, id: &OrderId, receipt: Receipt) -> Result<Purchase> {
        undisturbed(|| self.try_settle(id, receipt)).await
    }

    async fn try_settle(&self, id: &OrderId, receipt: Receipt) -> Result<Option<Purchase>> {
        let both = vec![keys::order(id), keys::payment(id)];
        let read = || self.table.batch_get("read payment to settle", both.clone());
        let old = whole(|| async { purchase(read().await?) }).await?.ok_or(NO_ORDER)?;
        let Some(payment) = old.payment.with(receipt) else {
            // The first coming may have been cut off before the cache forgot.
            self.forget_orders(&old.order.user).await;
            return Ok(Some(old));
        };
        let order = old.order.settled(&payment).unwrap_or_else(|| old.order.clone());
        let new = Purchase { order, payment };
        let outcome = self.table.transact("settle payment", writes(&old, &new)).await;
        if !matches!(outcome, Ok(Transaction::Refused(_))) {
            self.forget_orders(&old.order.user).await;
        }
        Ok(matches!(outcome?, Transaction::Committed).then_some(new))
    }
}

/// An order that stays as it is holds the transaction to that: whether the
/// money pays it or has to go back depends on where it stands.
fn writes(old: &Purchase, new: &Purchase) -> Vec<Write> {
    let as_read = Condition::version(old.order.version);
    let order = if new.order == old.order {
        Write::Check(keys::order(&old.order.id), as_read)
    } else {
        order_write(&new.order, as_read)
    };
    vec![order, payment_write(&new.order, &new.payment, Condition::version(old.payment.version))]
}
