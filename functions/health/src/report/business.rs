//! What the shop did.

use monitoring::{Count, Totals};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Business {
    orders_placed: u64,
    orders_paid: u64,
    orders_cancelled: u64,
    orders_expired: u64,
    payments_failed: u64,
    /// A person has to decide.
    payments_flagged: u64,
    payments_refunded: u64,
    webhooks_kept: u64,
    /// Nobody known had signed them.
    webhooks_refused: u64,
    /// Nothing can be made of them.
    webhooks_failed: u64,
}

impl Business {
    pub(super) fn of(totals: &Totals) -> Self {
        Self {
            orders_placed: totals.count(Count::OrdersPlaced),
            orders_paid: totals.count(Count::OrdersPaid),
            orders_cancelled: totals.count(Count::OrdersCancelled),
            orders_expired: totals.count(Count::OrdersExpired),
            payments_failed: totals.count(Count::PaymentsFailed),
            payments_flagged: totals.count(Count::PaymentsFlagged),
            payments_refunded: totals.count(Count::PaymentsRefunded),
            webhooks_kept: totals.count(Count::WebhooksKept),
            webhooks_refused: totals.count(Count::WebhooksRefused),
            webhooks_failed: totals.count(Count::WebhooksFailed),
        }
    }
}
