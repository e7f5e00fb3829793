//! What a payment provider says, applied to payment and order at once.

use domain::{EventKey, OrderId, OrderStatus, PaymentFlag, Receipt, Result};
use jiff::Timestamp;
use monitoring::Count;

use super::{NO_ORDER, Purchase, order_write, payment_write, purchase, whole};
use crate::Store;
use crate::inbox::{Decision, Outcome, decide};
use crate::keys;
use crate::table::{Condition, Transaction, Write};

/// The position of the event in the transaction.
const EVENT: usize = 0;

impl Store {
    /// One try to apply what an event says, in one transaction with the event's
    /// own item; nothing when order or payment moved between the read and the
    /// write. What was said before changes neither of them.
    pub(crate) async fn try_settle(
        &self,
        event: &EventKey,
        order: &OrderId,
        receipt: Option<&Receipt>,
        now: Timestamp,
    ) -> Result<Option<Decision>> {
        let both = vec![keys::order(order), keys::payment(order)];
        let read = || self.table.batch_get("read payment to settle", both.clone());
        let old = whole(|| async { purchase(read().await?) }).await?.ok_or(NO_ORDER)?;
        let Some(payment) = receipt.and_then(|receipt| old.payment.with(receipt)) else {
            // What said it first may have been cut off before the cache forgot.
            self.forget_orders(&old.order.user).await;
            let decision = self.close_event(event, Outcome::Applied, nothing_new(&old, receipt), now).await?;
            let failed = receipt.is_none() && decision != Decision::Before;
            self.monitoring.count(Count::PaymentsFailed, failed.into());
            return Ok(Some(decision));
        };
        let order = old.order.settled(&payment).unwrap_or_else(|| old.order.clone());
        let new = Purchase { order, payment };
        let reason = stands(&new);
        let mut writes = vec![decide(event, Outcome::Applied, &reason, now)];
        writes.extend(moves(&old, &new));
        let ended = self.table.transact("settle payment", writes).await;
        // The event's own condition tells that it is decided; contention about it does not.
        if matches!(&ended, Ok(Transaction::Refused(refusal)) if !refusal.is_of(EVENT)) {
            return Ok(None);
        }
        // Also when the event is decided: whoever did it may have been cut off here.
        self.forget_orders(&old.order.user).await;
        match ended? {
            Transaction::Refused(_) => Ok(Some(Decision::Before)),
            Transaction::Committed => {
                tell(event, &new, &reason);
                self.count_settled(&old, &new);
                Ok(Some(Decision::Now { outcome: Outcome::Applied, reason }))
            }
        }
    }
}

impl Store {
    /// Counts what is new: an order that is paid, money that went back, a flag.
    fn count_settled(&self, old: &Purchase, new: &Purchase) {
        let paid = old.order.status != OrderStatus::Paid && new.order.status == OrderStatus::Paid;
        let refunded = old.payment.refunded() != new.payment.refunded();
        let before = old.payment.flags(&old.order);
        let flagged = new.payment.flags(&new.order).iter().any(|flag| !before.contains(flag));
        self.monitoring.count(Count::OrdersPaid, paid.into());
        self.monitoring.count(Count::PaymentsRefunded, refunded.into());
        self.monitoring.count(Count::PaymentsFlagged, flagged.into());
    }
}

/// An order that stays as it is holds the transaction to that: whether the
/// money pays it or has to go back depends on where it stands.
fn moves(old: &Purchase, new: &Purchase) -> [Write; 2] {
    let as_read = Condition::version(old.order.version);
    let order = if new.order == old.order {
        Write::Check(keys::order(&old.order.id), as_read)
    } else {
        order_write(&new.order, as_read)
    };
    [order, payment_write(&new.order, &new.payment, Condition::version(old.payment.version))]
}

/// How order and payment stand, for whoever looks at the event.
fn stands(Purchase { order, payment }: &Purchase) -> String {
    let flags: Vec<&str> = payment.flags(order).into_iter().map(PaymentFlag::as_str).collect();
    let flagged = if flags.is_empty() { String::new() } else { format!(", flagged {}", flags.join(", ")) };
    format!("order {} is {}{flagged}", order.id, order.status)
}

fn nothing_new(purchase: &Purchase, receipt: Option<&Receipt>) -> String {
    let said = if receipt.is_some() { "it says nothing new" } else { "an attempt to pay failed" };
    format!("{said}: {}", stands(purchase))
}

/// A flag is something that a person has to look at.
fn tell(event: &EventKey, Purchase { order, payment }: &Purchase, reason: &str) {
    let (order_id, status) = (&order.id, order.status);
    if payment.flags(order).is_empty() {
        tracing::info!(%event, order = %order_id, %status, "payment settled");
    } else {
        tracing::warn!(%event, order = %order_id, %status, reason, "payment flagged");
    }
}
