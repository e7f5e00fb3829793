//! Payments: what a provider said of the money for one order.
//!
//! A payment keeps totals that only grow, and all else follows from them, so
//! that what the provider says may come late, twice, or out of order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::text_type;
use crate::{Currency, Money, Order, OrderId, Version};

text_type! {
    /// Names a payment: a UUID in lower case with hyphens (RFC 9562).
    PaymentId, |text| crate::uuid_text(text)
}

impl PaymentId {
    /// An identifier that is this UUID.
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(uuid.hyphenated().to_string())
    }
}

/// What a provider says has happened so far: totals, not differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// So much was captured in all.
    Captured(Money),
    /// So much went back in all.
    Refunded(Money),
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing was captured yet.
    Pending,
    /// Money was captured.
    Captured,
    /// A part of it went back.
    PartiallyRefunded,
    /// All of it went back.
    Refunded,
    /// Its order was called off before anything was captured.
    Voided,
}

/// What a person has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentFlag {
    /// Money was captured for an order that was called off.
    RefundDue,
    /// What was captured is not what the order costs.
    WrongAmount,
    /// Money was captured in another currency than the order's.
    WrongCurrency,
    /// More went back than was captured, as far as we know.
    RefundWithoutPayment,
}

/// Totals in one currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Totals {
    captured: i64,
    refunded: i64,
}

/// The payment of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its identifier.
    pub id: PaymentId,
    /// Which order it is for.
    pub order_id: OrderId,
    /// In which currency the order is.
    currency: Currency,
    totals: BTreeMap<Currency, Totals>,
    /// Counts its changes.
    pub version: Version,
}

impl Payment {
    /// The payment of a new order.
    pub fn of(order: &Order) -> Self {
        Self {
            id: order.payment_id.clone(),
            order_id: order.id.clone(),
            currency: order.total.currency(),
            totals: BTreeMap::new(),
            version: Version::FIRST,
        }
    }

    /// What was captured, in the order's currency.
    pub fn captured(&self) -> Money {
        self.money(|totals| totals.captured)
    }

    /// What went back, in the order's currency.
    pub fn refunded(&self) -> Money {
        self.money(|totals| totals.refunded)
    }

    /// The payment with what the provider says; none if it is nothing new.
    pub fn with(&self, receipt: Receipt) -> Option<Self> {
        let mut payment = self.clone();
        let (Receipt::Captured(money) | Receipt::Refunded(money)) = receipt;
        let totals = payment.totals.entry(money.currency()).or_default();
        let total = match receipt {
            Receipt::Captured(_) => &mut totals.captured,
            Receipt::Refunded(_) => &mut totals.refunded,
        };
        let grows = *total < money.amount();
        *total = money.amount();
        payment.version = self.version.next();
        grows.then_some(payment)
    }

    /// Where it stands, its order being where it is.
    pub fn status(&self, order: &Order) -> PaymentStatus {
        match (self.captured().amount(), self.refunded().amount()) {
            (0, 0) if order.status.is_called_off() => PaymentStatus::Voided,
            (0, 0) => PaymentStatus::Pending,
            (_, 0) => PaymentStatus::Captured,
            (captured, refunded) if refunded < captured => PaymentStatus::PartiallyRefunded,
            _ => PaymentStatus::Refunded,
        }
    }

    /// What a person has to look at, its order being where it is.
    pub fn flags(&self, order: &Order) -> Vec<PaymentFlag> {
        let (captured, refunded) = (self.captured().amount(), self.refunded().amount());
        let kept_elsewhere = |(currency, totals): (&Currency, &Totals)| {
            *currency != self.currency && totals.captured > totals.refunded
        };
        let flags = [
            (PaymentFlag::RefundDue, order.status.is_called_off() && captured > refunded),
            (PaymentFlag::WrongAmount, captured > 0 && captured != order.total.amount()),
            (PaymentFlag::WrongCurrency, self.totals.iter().any(kept_elsewhere)),
            (PaymentFlag::RefundWithoutPayment, refunded > captured),
        ];
        flags.into_iter().filter_map(|(flag, raised)| raised.then_some(flag)).collect()
    }

    fn money(&self, total: impl Fn(&Totals) -> i64) -> Money {
        let amount = self.totals.get(&self.currency).map_or(0, total);
        Money::new(amount, self.currency).expect("totals come from receipts, which are money")
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::{LineItem, Name, OrderStatus, ProductId, Quantity, UserId};

    fn pounds(pence: i64) -> Money {
        Money::new(pence, Currency::GBP).expect("money")
    }

    fn euros(cents: i64) -> Money {
        Money::new(cents, Currency::new("EUR").expect("a currency")).expect("money")
    }

    /// An order of 20 pounds.
    fn order() -> Order {
        let uuid = uuid::Uuid::from_u128(1);
        let item = LineItem::new(
            ProductId::new("mug").expect("an id"),
            Name::new("Mug").expect("a name"),
            Quantity::new(2).expect("a quantity"),
            Money::price(1_000, Currency::GBP).expect("a price"),
        );
        let user = UserId::new("ann").expect("a user");
        let (id, payment) = (OrderId::from_uuid(uuid), PaymentId::from_uuid(uuid));
        Order::place(id, payment, user, vec![item], Timestamp::UNIX_EPOCH).expect("one currency")
    }

    /// What a store does with each receipt.
    fn receive(order: Order, payment: Payment, receipt: Receipt) -> (Order, Payment) {
        let payment = payment.with(receipt).unwrap_or(payment);
        (order.settled(&payment).unwrap_or(order), payment)
    }

    fn after(order: Order, receipts: &[Receipt]) -> (Order, Payment) {
        let payment = Payment::of(&order);
        receipts.iter().fold((order, payment), |(order, payment), receipt| receive(order, payment, *receipt))
    }

    #[test]
    fn the_whole_total_makes_an_order_paid_and_refunds_undo_it() {
        use Receipt::{Captured, Refunded};
        for (receipts, order_is, payment_is) in [
            (&[][..], OrderStatus::PendingPayment, PaymentStatus::Pending),
            (&[Captured(pounds(2_000))], OrderStatus::Paid, PaymentStatus::Captured),
            (
                &[Captured(pounds(2_000)), Refunded(pounds(500))],
                OrderStatus::PartiallyRefunded,
                PaymentStatus::PartiallyRefunded,
            ),
            (
                &[Captured(pounds(2_000)), Refunded(pounds(2_000))],
                OrderStatus::Refunded,
                PaymentStatus::Refunded,
            ),
        ] {
            let (order, payment) = after(order(), receipts);
            assert_eq!((order.status, payment.status(&order)), (order_is, payment_is), "{receipts:?}");
            assert_eq!(payment.flags(&order), []);
        }
    }

    #[test]
    fn what_is_not_as_it_should_be_is_flagged_and_pays_nothing() {
        use PaymentFlag::{RefundWithoutPayment, WrongAmount, WrongCurrency};
        for (receipt, flags) in [
            (Receipt::Captured(pounds(1_999)), &[WrongAmount][..]),
            (Receipt::Captured(pounds(2_001)), &[WrongAmount]),
            (Receipt::Captured(euros(2_000)), &[WrongCurrency]),
            (Receipt::Refunded(pounds(1)), &[RefundWithoutPayment]),
        ] {
            let (order, payment) = after(order(), &[receipt]);
            assert_eq!(order.status, OrderStatus::PendingPayment, "{receipt:?}");
            assert_eq!(payment.flags(&order), flags, "{receipt:?}");
        }
    }

    #[test]
    fn a_payment_for_an_order_that_was_called_off_is_kept_and_a_refund_is_due() {
        let cancelled = order().cancelled().expect("pending");
        let expired = order().expired(order().pay_by).expect("due");
        for called_off in [cancelled, expired] {
            let status = called_off.status;
            let voided = Payment::of(&called_off).status(&called_off);
            assert_eq!(voided, PaymentStatus::Voided);
            let (order, payment) = after(called_off, &[Receipt::Captured(pounds(2_000))]);
            assert_eq!((order.status, payment.flags(&order)), (status, vec![PaymentFlag::RefundDue]));
            let (order, payment) = receive(order, payment, Receipt::Refunded(pounds(2_000)));
            assert_eq!((order.status, payment.flags(&order)), (status, vec![]));
        }
    }

    #[test]
    fn only_a_pending_order_is_cancelled_and_only_a_due_one_expires() {
        let (paid, _) = after(order(), &[Receipt::Captured(pounds(2_000))]);
        assert!(paid.cancelled().is_err() && paid.expired(paid.pay_by).is_none());
        let cancelled = order().cancelled().expect("pending");
        assert!(cancelled.cancelled().is_err() && cancelled.expired(cancelled.pay_by).is_none());
        let early = order().pay_by - jiff::SignedDuration::from_millis(1);
        assert!(order().expired(early).is_none());
    }

    proptest! {
        #[test]
        fn the_order_of_receipts_does_not_count(
            receipts in Just(vec![
                Receipt::Captured(pounds(2_000)), Receipt::Refunded(pounds(500)), Receipt::Refunded(pounds(2_000)),
                Receipt::Captured(pounds(2_000)), Receipt::Refunded(pounds(500)), Receipt::Refunded(pounds(2_000)),
            ]).prop_shuffle(),
        ) {
            let (order, payment) = after(order(), &receipts);
            prop_assert_eq!(order.status, OrderStatus::Refunded);
            prop_assert_eq!((payment.captured(), payment.refunded()), (pounds(2_000), pounds(2_000)));
            prop_assert!(payment.flags(&order).is_empty());
        }
    }
}
