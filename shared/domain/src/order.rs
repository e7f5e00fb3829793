//! Orders, and the states that they go through.
//!
//! ```text
//! pending_payment ─┬─ paid ── partially_refunded ── refunded
//!                  ├─ cancelled
//!                  └─ expired
//! ```
//!
//! A pending order holds its stock. It leaves that state once: with the payment
//! the stock is sold, by cancel and expiry it goes back. Everything after it
//! follows from the payment's totals, which only grow; so events that come
//! twice or out of order end in the same state.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::text::text_type;
use crate::{Error, LineItem, Money, Payment, PaymentId, Result, UserId, Version};

text_type! {
    /// Names an order: a UUID in lower case with hyphens (RFC 9562).
    #[schema(value_type = String, format = "uuid", pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", example = "01890a5d-ac96-774b-bcce-b302099a8057")]
    OrderId, |text| crate::uuid_text(text)
}

impl OrderId {
    /// An identifier that is this UUID.
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(uuid.hyphenated().to_string())
    }
}

/// How long an order holds its stock for a payment.
pub const PAYMENT_WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Its stock is held and it waits to be paid.
    PendingPayment,
    /// Its whole total was captured.
    Paid,
    /// A part of what was captured went back.
    PartiallyRefunded,
    /// All that was captured went back.
    Refunded,
    /// Its user called it off before it was paid.
    Cancelled,
    /// Nobody paid it in time.
    Expired,
}

impl OrderStatus {
    /// As callers see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingPayment => "pending_payment",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Whether it ended without being paid, and gave its stock back.
    pub const fn is_called_off(self) -> bool {
        matches!(self, Self::Cancelled | Self::Expired)
    }
}

impl std::fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An order of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its identifier.
    pub id: OrderId,
    /// Whose it is.
    pub user: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was ordered, each product once, at the price of that moment.
    pub items: Vec<LineItem>,
    /// What it costs.
    pub total: Money,
    /// Its payment.
    pub payment_id: PaymentId,
    /// When it was placed.
    pub created_at: Timestamp,
    /// Until when it waits to be paid.
    pub pay_by: Timestamp,
    /// Counts its changes.
    pub version: Version,
}

impl Order {
    /// A new order, waiting to be paid.
    ///
    /// # Errors
    /// [`Error::MixedCurrencies`] when its items have no common total.
    pub fn place(
        id: OrderId,
        payment_id: PaymentId,
        user: UserId,
        items: Vec<LineItem>,
        now: Timestamp,
    ) -> Result<Self> {
        Ok(Self {
            id,
            user,
            status: OrderStatus::PendingPayment,
            total: LineItem::total(&items)?,
            items,
            payment_id,
            created_at: now,
            pay_by: now + PAYMENT_WINDOW,
            version: Version::FIRST,
        })
    }

    /// Whether it holds stock and waits to be paid.
    pub fn is_pending(&self) -> bool {
        self.status == OrderStatus::PendingPayment
    }

    /// The order, called off by its user.
    ///
    /// # Errors
    /// [`Error::NotCancellable`] when it is not pending any more.
    pub fn cancelled(&self) -> Result<Self> {
        if self.is_pending() {
            Ok(self.moved_to(OrderStatus::Cancelled))
        } else {
            Err(Error::NotCancellable { status: self.status })
        }
    }

    /// The order, expired: if it is pending and its time is over.
    pub fn expired(&self, now: Timestamp) -> Option<Self> {
        (self.is_pending() && self.pay_by <= now).then(|| self.moved_to(OrderStatus::Expired))
    }

    /// The order where its payment's totals put it; none if it is there.
    ///
    /// One capture of exactly its total makes a pending order paid; one that was called off
    /// stays so whatever is captured, and its payment tells that a refund is due.
    pub fn settled(&self, payment: &Payment) -> Option<Self> {
        let refund = match (payment.captured(), payment.refunded()) {
            (_, refunded) if refunded.amount() == 0 => OrderStatus::Paid,
            (captured, refunded) if refunded.amount() < captured.amount() => OrderStatus::PartiallyRefunded,
            _ => OrderStatus::Refunded,
        };
        let status = match self.status {
            OrderStatus::PendingPayment if payment.pays(self.total) => refund,
            OrderStatus::Paid | OrderStatus::PartiallyRefunded | OrderStatus::Refunded => refund,
            unpaid => unpaid,
        };
        (status != self.status).then(|| self.moved_to(status))
    }

    fn moved_to(&self, status: OrderStatus) -> Self {
        Self { status, version: self.version.next(), ..self.clone() }
    }
}
