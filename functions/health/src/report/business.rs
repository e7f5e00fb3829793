//! What the shop did.

use monitoring::Count;
use serde::Serialize;
use utoipa::ToSchema;

use crate::recent::Recent;

/// What the shop did.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthBusiness)]
pub(super) struct Business {
    orders_placed: Option<u64>,
    orders_paid: Option<u64>,
    orders_cancelled: Option<u64>,
    orders_expired: Option<u64>,
    payments_failed: Option<u64>,
    /// A person has to decide.
    payments_flagged: Option<u64>,
    payments_refunded: Option<u64>,
    webhooks_kept: Option<u64>,
    /// Nobody known had signed them.
    webhooks_refused: Option<u64>,
    /// Nothing can be made of them.
    webhooks_failed: Option<u64>,
}

impl Business {
    pub(super) fn of(recent: &Recent) -> Self {
        Self {
            orders_placed: recent.count(Count::OrdersPlaced),
            orders_paid: recent.count(Count::OrdersPaid),
            orders_cancelled: recent.count(Count::OrdersCancelled),
            orders_expired: recent.count(Count::OrdersExpired),
            payments_failed: recent.count(Count::PaymentsFailed),
            payments_flagged: recent.count(Count::PaymentsFlagged),
            payments_refunded: recent.count(Count::PaymentsRefunded),
            webhooks_kept: recent.count(Count::WebhooksKept),
            webhooks_refused: recent.count(Count::WebhooksRefused),
            webhooks_failed: recent.count(Count::WebhooksFailed),
        }
    }
}
