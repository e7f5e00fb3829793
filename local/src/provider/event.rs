//! Events in the shape of Stripe's (API reference, "The Event object"), as far as
//! the shop reads it, and with what a library of Stripe's needs to read it.

use domain::{Money, OrderId};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// Something that a provider has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    id: String,
    kind: String,
    created: i64,
    object: Value,
}

impl Event {
    /// So much was captured for an order, in all.
    pub fn succeeded(order: &OrderId, money: Money) -> Self {
        Self::of_type("payment_intent.succeeded", order, money)
    }

    /// An attempt to capture so much for an order failed.
    pub fn failed(order: &OrderId, money: Money) -> Self {
        Self::of_type("payment_intent.payment_failed", order, money)
    }

    /// So much of what was captured for an order went back, in all.
    pub fn refunded(order: &OrderId, money: Money) -> Self {
        Self::of_type("charge.refunded", order, money)
    }

    /// An event of any type. Its object is the order's only one of its kind, so
    /// that two events of a type speak of the same money.
    pub fn of_type(kind: &str, order: &OrderId, money: Money) -> Self {
        let (object, prefix) = object_of(kind);
        let mut object = json!({
            "id": format!("{prefix}_{}", order.as_str().replace('-', "")),
            "object": object,
            "amount": money.amount(),
            "currency": money.currency().as_str().to_ascii_lowercase(),
            "metadata": {"order_id": order.as_str()},
        });
        match kind {
            "payment_intent.succeeded" => object["amount_received"] = money.amount().into(),
            "payment_intent.payment_failed" => object["amount_received"] = 0.into(),
            "charge.refunded" => object["amount_refunded"] = money.amount().into(),
            _ => {}
        }
        let id = format!("evt_{}", Uuid::new_v4().simple());
        Self { id, kind: kind.to_owned(), created: Timestamp::now().as_second(), object }
    }

    /// The same under another name: events are told apart by it.
    #[must_use]
    pub fn with_id(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }

    /// The same about another object, such as a second payment for the order.
    #[must_use]
    pub fn with_object(mut self, id: &str) -> Self {
        self.object["id"] = id.into();
        self
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its body, the same at each call.
    pub fn body(&self) -> String {
        json!({
            "id": self.id,
            "object": "event",
            "type": self.kind,
            "created": self.created,
            "livemode": false,
            "data": {"object": self.object},
        })
        .to_string()
    }
}

/// What kind of object events of a type are about, and how its names begin.
fn object_of(kind: &str) -> (&str, &'static str) {
    match kind.split('.').next().unwrap_or_default() {
        "payment_intent" => ("payment_intent", "pi"),
        "charge" => ("charge", "ch"),
        other => (other, "obj"),
    }
}

#[cfg(test)]
mod tests {
    use domain::{Currency, PaymentEvent, Receipt, Source};

    use super::*;

    const ID: &str = "0193a1b2-0000-7000-8000-000000000001";

    fn order() -> OrderId {
        OrderId::new(ID).expect("a UUID")
    }

    fn pounds(pence: i64) -> Money {
        Money::new(pence, Currency::GBP).expect("money")
    }

    fn source(id: &str) -> Source {
        Source::new(id).expect("a source")
    }

    #[test]
    fn the_shop_reads_in_an_event_what_was_meant() {
        let read = |event: Event| PaymentEvent::read(event.body().as_bytes()).expect("an event");
        let receipt = |receipt| PaymentEvent::Receipt { order: order(), receipt };
        let (intent, charge) =
            (source("pi_0193a1b2000070008000000000000001"), source("ch_0193a1b2000070008000000000000001"));
        let captured = receipt(Receipt::captured(intent, pounds(510)));
        assert_eq!(read(Event::succeeded(&order(), pounds(510))), captured);
        let refunded = receipt(Receipt::refunded(charge, pounds(10)));
        assert_eq!(read(Event::refunded(&order(), pounds(10))), refunded);
        let failed = PaymentEvent::AttemptFailed { order: order() };
        assert_eq!(read(Event::failed(&order(), pounds(510))), failed);
        let second = Event::succeeded(&order(), pounds(1)).with_object("pi_2");
        assert_eq!(read(second), receipt(Receipt::captured(source("pi_2"), pounds(1))));
        let other = PaymentEvent::Other { kind: "customer.created".to_owned() };
        assert_eq!(read(Event::of_type("customer.created", &order(), pounds(1))), other);
    }

    #[test]
    fn events_have_names_of_their_own_or_those_given() {
        let event = Event::succeeded(&order(), pounds(1));
        assert_ne!(event.id(), Event::succeeded(&order(), pounds(1)).id());
        let named = event.with_id("evt_1");
        assert_eq!(named.id(), "evt_1");
        assert!(named.body().contains(r#""id":"evt_1""#));
    }
}
