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
    #[schema(value_type = String, format = "uuid", pattern = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", example = "01890a5d-ac96-774b-bcce-b302099a8058")]
    PaymentId, |text| crate::uuid_text(text)
}

impl PaymentId {
    /// An identifier that is this UUID.
    pub fn from_uuid(uuid: uuid::Uuid) -> Self {
        Self(uuid.hyphenated().to_string())
    }
}

text_type! {
    /// Names what moved the money at the provider, such as a payment intent or a
    /// charge: 1 to 255 visible ASCII characters.
    Source, |text| {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        if !visible || !(1..=255).contains(&text.len()) {
            return Err("must be 1 to 255 visible ASCII characters".into());
        }
        Ok(text.to_owned())
    }
}

/// What a provider says has happened so far: a total, not a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What it is the total of. Who pays twice by accident does so by two of them.
    pub source: Source,
    /// How much.
    pub total: Total,
}

/// Which way money went, and how much in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// So much was captured.
    Captured(Money),
    /// So much went back.
    Refunded(Money),
}

impl Receipt {
    /// So much was captured in all.
    pub const fn captured(source: Source, money: Money) -> Self {
        Self { source, total: Total::Captured(money) }
    }

    /// So much went back in all.
    pub const fn refunded(source: Source, money: Money) -> Self {
        Self { source, total: Total::Refunded(money) }
    }
}

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
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
    /// Money was captured for an order that was called off, or more than once.
    RefundDue,
    /// Money is kept, and no capture is what the order costs.
    WrongAmount,
    /// Money went in another currency than the order's, and is not back where it
    /// came from.
    WrongCurrency,
    /// More went back than was captured, as far as we know.
    RefundWithoutPayment,
}

impl PaymentFlag {
    /// Its name in reasons and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RefundDue => "refund_due",
            Self::WrongAmount => "wrong_amount",
            Self::WrongCurrency => "wrong_currency",
            Self::RefundWithoutPayment => "refund_without_payment",
        }
    }
}

/// Totals in minor units by source, by currency.
type Totals = BTreeMap<Currency, BTreeMap<Source, i64>>;

/// The payment of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its identifier.
    pub id: PaymentId,
    /// Which order it is for.
    pub order_id: OrderId,
    /// In which currency the order is.
    currency: Currency,
    captures: Totals,
    refunds: Totals,
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
            captures: BTreeMap::new(),
            refunds: BTreeMap::new(),
            version: Version::FIRST,
        }
    }

    /// What was captured, in the order's currency.
    pub fn captured(&self) -> Money {
        self.money(&self.captures)
    }

    /// What went back, in the order's currency.
    pub fn refunded(&self) -> Money {
        self.money(&self.refunds)
    }

    /// Whether it pays what costs so much: one capture is of exactly that. A sum
    /// of several might be for a moment, depending on which comes first; what one
    /// source captures is final (Stripe: a payment intent succeeds once).
    pub fn pays(&self, price: Money) -> bool {
        let captures = self.captures.get(&price.currency());
        captures.is_some_and(|captures| captures.values().any(|captured| *captured == price.amount()))
    }

    /// The payment with what the provider says; none if it is nothing new.
    pub fn with(&self, receipt: &Receipt) -> Option<Self> {
        let mut payment = Self { version: self.version.next(), ..self.clone() };
        let (totals, money) = match receipt.total {
            Total::Captured(money) => (&mut payment.captures, money),
            Total::Refunded(money) => (&mut payment.refunds, money),
        };
        let total = totals.entry(money.currency()).or_default().entry(receipt.source.clone()).or_default();
        let grows = *total < money.amount();
        *total = money.amount();
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
        let (paid, kept) = (self.pays(order.total), captured - refunded);
        let price = if order.status.is_called_off() { 0 } else { order.total.amount() };
        let flags = [
            (PaymentFlag::RefundDue, (paid || price == 0) && kept > price),
            (PaymentFlag::WrongAmount, kept > 0 && !paid),
            (PaymentFlag::WrongCurrency, self.is_open_in_another_currency()),
            (PaymentFlag::RefundWithoutPayment, kept < 0),
        ];
        flags.into_iter().filter_map(|(flag, raised)| raised.then_some(flag)).collect()
    }

    fn is_open_in_another_currency(&self) -> bool {
        let mut others =
            self.captures.keys().chain(self.refunds.keys()).filter(|currency| **currency != self.currency);
        others.any(|currency| sum(&self.captures, *currency) != sum(&self.refunds, *currency))
    }

    fn money(&self, totals: &Totals) -> Money {
        let amount = sum(totals, self.currency).min(Money::MAX);
        Money::new(amount, self.currency).expect("totals come from receipts, which are money")
    }
}

fn sum(totals: &Totals, currency: Currency) -> i64 {
    totals.get(&currency).into_iter().flatten().fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
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

    fn source(name: &str) -> Source {
        Source::new(name).expect("a source")
    }

    fn captured(money: Money) -> Receipt {
        Receipt::captured(source("pi_1"), money)
    }

    fn refunded(money: Money) -> Receipt {
        Receipt::refunded(source("ch_1"), money)
    }

    /// What a store does with each receipt.
    fn receive(order: Order, payment: Payment, receipt: &Receipt) -> (Order, Payment) {
        let payment = payment.with(receipt).unwrap_or(payment);
        (order.settled(&payment).unwrap_or(order), payment)
    }

    fn after(order: Order, receipts: &[Receipt]) -> (Order, Payment) {
        let payment = Payment::of(&order);
        receipts.iter().fold((order, payment), |(order, payment), receipt| receive(order, payment, receipt))
    }

    #[test]
    fn the_whole_total_makes_an_order_paid_and_refunds_undo_it() {
        for (receipts, order_is, payment_is) in [
            (&[][..], OrderStatus::PendingPayment, PaymentStatus::Pending),
            (&[captured(pounds(2_000))], OrderStatus::Paid, PaymentStatus::Captured),
            (
                &[captured(pounds(2_000)), refunded(pounds(500))],
                OrderStatus::PartiallyRefunded,
                PaymentStatus::PartiallyRefunded,
            ),
            (
                &[captured(pounds(2_000)), refunded(pounds(2_000))],
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
            (captured(pounds(1_999)), &[WrongAmount][..]),
            (captured(pounds(2_001)), &[WrongAmount]),
            (captured(euros(2_000)), &[WrongCurrency]),
            (refunded(pounds(1)), &[RefundWithoutPayment]),
            (refunded(euros(1)), &[WrongCurrency]),
        ] {
            let (order, payment) = after(order(), std::slice::from_ref(&receipt));
            assert_eq!(order.status, OrderStatus::PendingPayment, "{receipt:?}");
            assert_eq!(payment.flags(&order), flags, "{receipt:?}");
        }
    }

    #[test]
    fn what_went_back_leaves_no_flag() {
        for [captured, refunded] in [
            [captured(pounds(1_999)), refunded(pounds(1_999))],
            [captured(euros(2_000)), refunded(euros(2_000))],
        ] {
            let (order, payment) = after(order(), &[captured, refunded]);
            assert_eq!((order.status, payment.flags(&order)), (OrderStatus::PendingPayment, vec![]));
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
            let (order, payment) = after(called_off, &[captured(pounds(2_000))]);
            assert_eq!((order.status, payment.flags(&order)), (status, vec![PaymentFlag::RefundDue]));
            let (order, payment) = receive(order, payment, &refunded(pounds(2_000)));
            assert_eq!((order.status, payment.flags(&order)), (status, vec![]));
        }
    }

    #[test]
    fn only_a_pending_order_is_cancelled_and_only_a_due_one_expires() {
        let (paid, _) = after(order(), &[captured(pounds(2_000))]);
        assert!(paid.cancelled().is_err() && paid.expired(paid.pay_by).is_none());
        let cancelled = order().cancelled().expect("pending");
        assert!(cancelled.cancelled().is_err() && cancelled.expired(cancelled.pay_by).is_none());
        let early = order().pay_by - jiff::SignedDuration::from_millis(1);
        assert!(order().expired(early).is_none());
    }

    #[test]
    fn who_pays_twice_is_owed_one_of_them_back() {
        let twice = [captured(pounds(2_000)), Receipt::captured(source("pi_2"), pounds(2_000))];
        let (order, payment) = after(order(), &twice);
        assert_eq!((order.status, payment.captured()), (OrderStatus::Paid, pounds(4_000)));
        assert_eq!(payment.flags(&order), [PaymentFlag::RefundDue]);
        let (order, payment) = receive(order, payment, &refunded(pounds(2_000)));
        assert_eq!(order.status, OrderStatus::PartiallyRefunded);
        assert_eq!(payment.flags(&order), []);
    }

    #[test]
    fn halves_do_not_pay_whatever_they_add_up_to() {
        let halves = [captured(pounds(1_000)), Receipt::captured(source("pi_2"), pounds(1_000))];
        let (order, payment) = after(order(), &halves);
        assert_eq!((order.status, payment.captured()), (OrderStatus::PendingPayment, pounds(2_000)));
        assert_eq!(payment.flags(&order), [PaymentFlag::WrongAmount]);
    }

    #[test]
    fn totals_beyond_all_money_are_shown_as_the_most_there_can_be() {
        let most = pounds(Money::MAX);
        let receipts: Vec<_> =
            (0..3).map(|number| Receipt::captured(source(&format!("pi_{number}")), most)).collect();
        assert_eq!(after(order(), &receipts).1.captured(), most);
    }

    /// What may happen to an order, in any order.
    #[derive(Clone, Debug)]
    enum Event {
        Receipt(Receipt),
        Cancel,
        Expire,
    }

    fn take((order, payment): (Order, Payment), event: &Event) -> (Order, Payment) {
        match event {
            Event::Receipt(receipt) => receive(order, payment, receipt),
            Event::Cancel => (order.cancelled().unwrap_or(order), payment),
            Event::Expire => (order.expired(order.pay_by).unwrap_or(order), payment),
        }
    }

    proptest! {
        #[test]
        fn the_order_of_receipts_does_not_count(
            receipts in Just(vec![
                captured(pounds(2_000)), refunded(pounds(500)), refunded(pounds(2_000)),
                captured(pounds(2_000)), refunded(pounds(500)), refunded(pounds(2_000)),
                Receipt::captured(source("pi_2"), pounds(2_000)),
            ]).prop_shuffle(),
        ) {
            let (order, payment) = after(order(), &receipts);
            prop_assert_eq!(order.status, OrderStatus::PartiallyRefunded);
            prop_assert_eq!((payment.captured(), payment.refunded()), (pounds(4_000), pounds(2_000)));
            prop_assert!(payment.flags(&order).is_empty());
        }
    }

    /// Every order of these, each as often as it is there.
    fn orders_of(left: &mut Vec<(Event, usize)>, so_far: &mut Vec<Event>, each: &mut impl FnMut(&[Event])) {
        if left.iter().all(|(_, count)| *count == 0) {
            return each(so_far);
        }
        for index in 0..left.len() {
            if left[index].1 > 0 {
                left[index].1 -= 1;
                so_far.push(left[index].0.clone());
                orders_of(left, so_far, each);
                so_far.pop();
                left[index].1 += 1;
            }
        }
    }

    /// Ends where who came first says, whatever came when, or twice.
    fn check(events: &[Event]) {
        let start = (order(), Payment::of(&order()));
        let (order, payment) = events.iter().fold(start, take);
        let first = events.iter().find(|event| match event {
            Event::Receipt(receipt) => matches!(receipt.total, Total::Captured(_)),
            Event::Cancel | Event::Expire => true,
        });
        let status = match first {
            Some(Event::Receipt(_)) => OrderStatus::Refunded,
            Some(Event::Cancel) => OrderStatus::Cancelled,
            Some(Event::Expire) => OrderStatus::Expired,
            None => unreachable!("there are some"),
        };
        assert_eq!((order.status, payment.flags(&order)), (status, vec![]), "{events:?}");
        assert_eq!((payment.captured(), payment.refunded()), (pounds(2_000), pounds(2_000)), "{events:?}");
    }

    #[test]
    fn in_every_order_of_all_that_can_happen_only_who_came_first_counts() {
        let receipts = [captured(pounds(2_000)), refunded(pounds(500)), refunded(pounds(2_000))];
        let called_off = [&[][..], &[Event::Cancel], &[Event::Expire], &[Event::Cancel, Event::Expire]];
        let mut seen = 0;
        for called_off in called_off {
            let twice = receipts.iter().map(|receipt| (Event::Receipt(receipt.clone()), 2));
            let mut all: Vec<_> = twice.chain(called_off.iter().map(|event| (event.clone(), 1))).collect();
            orders_of(&mut all, &mut Vec::new(), &mut |events| {
                seen += 1;
                check(events);
            });
        }
        assert_eq!(seen, 90 + 2 * 630 + 5_040);
    }
}
