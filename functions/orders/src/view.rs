//! An order as its user sees it.

use api::PageView;
use domain::{LineItem, Money, OrderId, OrderStatus, PaymentId, PaymentStatus, Version};
use jiff::Timestamp;
use serde::Serialize;
use store::Purchase;
use utoipa::ToSchema;

/// An order with its payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub(crate) struct OrderView {
    id: OrderId,
    status: OrderStatus,
    items: Vec<LineItem>,
    total: Money,
    payment: PaymentView,
    created_at: Timestamp,
    /// Until when it waits to be paid; nothing once it does not.
    expires_at: Option<Timestamp>,
    version: Version,
}

/// What was paid for an order, in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
struct PaymentView {
    id: PaymentId,
    status: PaymentStatus,
    captured: Money,
    refunded: Money,
}

/// A page of a user's orders.
pub(crate) type OrderPage = PageView<OrderView>;

impl From<&Purchase> for OrderView {
    fn from(Purchase { order, payment }: &Purchase) -> Self {
        Self {
            id: order.id.clone(),
            status: order.status,
            items: order.items.clone(),
            total: order.total,
            payment: PaymentView {
                id: payment.id.clone(),
                status: payment.status(order),
                captured: payment.captured(),
                refunded: payment.refunded(),
            },
            created_at: order.created_at,
            expires_at: order.is_pending().then_some(order.pay_by),
            version: order.version,
        }
    }
}
