//! The end of an order that was not paid: its stock goes back, once.

use domain::{Error, LineItem, Order, OrderId, OrderStatus, Result, UserId};
use jiff::Timestamp;
use monitoring::Count;

use super::{NO_ORDER, Purchase, order_write, own, reason, time, user_tag};
use crate::Store;
use crate::catalogue::stock_key;
use crate::keys;
use crate::table::{Condition, Expression, Transaction, Write, number, undisturbed};

impl Store {
    /// Cancels a user's order and gives its stock back. One that is cancelled
    /// already stays so, and the answer is the same.
    ///
    /// # Errors
    /// [`domain::Error::NotFound`] when the user has no such order,
    /// [`domain::Error::NotCancellable`] when it is paid or expired;
    /// [`domain::Error::Busy`] and [`domain::Error::Unavailable`] as for every write.
    pub async fn cancel_order(&self, user: &UserId, id: &OrderId, now: Timestamp) -> Result<Purchase> {
        undisturbed(|| self.try_cancel(user, id, now)).await
    }

    async fn try_cancel(&self, user: &UserId, id: &OrderId, now: Timestamp) -> Result<Option<Purchase>> {
        let found = own(&self.table, "read order to cancel", user, id).await?;
        let Purchase { order, payment } = found.ok_or(NO_ORDER)?;
        if order.status == OrderStatus::Cancelled {
            // Its first coming may have been cut off before the cache forgot.
            self.forget_called_off(&order).await;
            return Ok(Some(Purchase { order, payment }));
        }
        let cancelled = match order.cancelled() {
            Ok(cancelled) => cancelled,
            Err(refusal) => {
                // Whoever moved it may have been cut off before the cache forgot.
                self.forget_called_off(&order).await;
                return Err(refusal);
            }
        };
        let done = self.call_off("cancel order", &order, &cancelled, now).await?;
        self.monitoring.count(Count::OrdersCancelled, done.into());
        Ok(done.then_some(Purchase { order: cancelled, payment }))
    }

    /// Writes an order that is pending as called off, and gives its stock back;
    /// says whether it did: not if the order moved meanwhile.
    pub(super) async fn call_off(
        &self,
        operation: &'static str,
        order: &Order,
        called_off: &Order,
        now: Timestamp,
    ) -> Result<bool> {
        let mut writes = vec![order_write(called_off, Condition::version(order.version))];
        writes.extend(order.items.iter().map(|item| give_back(called_off, item, now)));
        match self.table.transact(operation, writes).await {
            Ok(Transaction::Refused(refusal)) if refusal.touches_first(1) => Ok(false),
            Ok(Transaction::Refused(_)) => Err(Error::corrupt("stock", "a product of an order has none")),
            ended => {
                self.forget_called_off(order).await;
                ended.map(|_| true)
            }
        }
    }

    async fn forget_called_off(&self, order: &Order) {
        let stocks: Vec<_> = order.items.iter().map(|item| stock_key(&item.product_id)).collect();
        self.cache.invalidate(&stocks, &[user_tag(&order.user)]).await;
    }
}

/// The product may be archived by now: its stock is there all the same.
fn give_back(order: &Order, item: &LineItem, now: Timestamp) -> Write {
    let change = Expression::new(
        "SET available = available + :back, version = version + :one, updated_at = :now, reason = :reason",
        vec![
            (":back", number(&item.quantity)),
            (":one", number(&1)),
            (":now", time(now)),
            (":reason", reason(order)),
        ],
    );
    Write::Update(keys::stock(&item.product_id), change, Condition::PRESENT)
}
