//! What an event says of an order's payment.
//!
//! Bodies have the shape of Stripe's events whoever sends them. Of
//! `data.object` a few fields count:
//!
//! | `type` | says | by |
//! |---|---|---|
//! | `payment_intent.succeeded` | so much was captured | `amount_received` |
//! | `payment_intent.payment_failed` | one attempt failed, another may follow | |
//! | `charge.refunded` | so much went back in all, also a part | `amount_refunded` |
//!
//! with `currency` (case does not count) and the order in `metadata.order_id`.
//! Amounts are totals of the object that `id` names. Every other type is fine
//! and means nothing here.

use serde::Deserialize;

use crate::{Currency, Money, OrderId, Receipt, Source};

/// An event, as far as the shop is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    /// Money moved.
    Receipt {
        /// For this order.
        order: OrderId,
        /// So much.
        receipt: Receipt,
    },
    /// An attempt to pay this order failed. It is not final: the order goes on
    /// waiting.
    AttemptFailed {
        /// Which order.
        order: OrderId,
    },
    /// Something else.
    Other {
        /// What, in the provider's words.
        kind: String,
    },
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Body {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    id: Option<String>,
    amount_received: Option<i64>,
    amount_refunded: Option<i64>,
    currency: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    order_id: Option<String>,
}

impl PaymentEvent {
    /// Reads the body of an event. The error says why nothing can be made of it.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let Envelope { kind } = serde_json::from_slice(body)
            .map_err(|error| format!("the body is no event in JSON, {}", position(&error)))?;
        match kind.as_str() {
            "payment_intent.succeeded" => Object::read(body)?.captured(),
            "payment_intent.payment_failed" => {
                Ok(Self::AttemptFailed { order: Object::read(body)?.order()? })
            }
            "charge.refunded" => Object::read(body)?.refunded(),
            _ => Ok(Self::Other { kind }),
        }
    }
}

impl Object {
    fn read(body: &[u8]) -> Result<Self, String> {
        let body: Body = serde_json::from_slice(body)
            .map_err(|error| format!("data.object is amiss, {}", position(&error)))?;
        Ok(body.data.object)
    }

    fn captured(self) -> Result<PaymentEvent, String> {
        let money = self.money("amount_received", self.amount_received)?;
        let (order, source) = (self.order()?, self.source()?);
        Ok(PaymentEvent::Receipt { order, receipt: Receipt::captured(source, money) })
    }

    fn refunded(self) -> Result<PaymentEvent, String> {
        let money = self.money("amount_refunded", self.amount_refunded)?;
        let (order, source) = (self.order()?, self.source()?);
        Ok(PaymentEvent::Receipt { order, receipt: Receipt::refunded(source, money) })
    }

    fn money(&self, name: &str, amount: Option<i64>) -> Result<Money, String> {
        let amount = amount.ok_or_else(|| format!("data.object.{name} is missing"))?;
        let code = self.currency.as_deref().ok_or("data.object.currency is missing")?;
        let currency = Currency::new(&code.to_ascii_uppercase());
        let currency = currency.map_err(|rule| format!("data.object.currency {rule}"))?;
        Money::new(amount, currency).map_err(|rule| format!("data.object.{name} {rule}"))
    }

    fn order(&self) -> Result<OrderId, String> {
        let order = self.metadata.order_id.as_deref().ok_or("data.object.metadata.order_id is missing")?;
        OrderId::new(order).map_err(|rule| format!("data.object.metadata.order_id {rule}"))
    }

    /// A provider without identifiers has one object for each order.
    fn source(&self) -> Result<Source, String> {
        let id = self.id.as_deref().unwrap_or("unnamed");
        Source::new(id).map_err(|rule| format!("data.object.id {rule}"))
    }
}

/// Where it goes wrong, without the text that stands there: it may be personal.
fn position(error: &serde_json::Error) -> String {
    format!("at line {} column {}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "0193a1b2-0000-7000-8000-000000000001";

    fn read(kind: &str, object: &str) -> Result<PaymentEvent, String> {
        let body = format!(r#"{{"id":"evt_1","type":"{kind}","data":{{"object":{object}}}}}"#);
        PaymentEvent::read(body.as_bytes())
    }

    fn object(fields: &str) -> String {
        format!(r#"{{"id":"pi_1","metadata":{{"order_id":"{ORDER}"}},{fields}}}"#)
    }

    fn order() -> OrderId {
        OrderId::new(ORDER).expect("a UUID")
    }

    fn source() -> Source {
        Source::new("pi_1").expect("a source")
    }

    fn pounds(pence: i64) -> Money {
        Money::new(pence, Currency::GBP).expect("money")
    }

    #[test]
    fn money_that_moved_is_a_receipt_in_any_case_of_its_currency() {
        for currency in ["gbp", "GBP", "Gbp"] {
            let fields = format!(r#""amount_received":2000,"amount":2000,"currency":"{currency}""#);
            let receipt = Receipt::captured(source(), pounds(2_000));
            let event = PaymentEvent::Receipt { order: order(), receipt };
            assert_eq!(read("payment_intent.succeeded", &object(&fields)), Ok(event));
        }
        let refunded = object(r#""amount":2000,"amount_refunded":500,"currency":"gbp""#);
        let receipt = Receipt::refunded(source(), pounds(500));
        assert_eq!(read("charge.refunded", &refunded), Ok(PaymentEvent::Receipt { order: order(), receipt }));
    }

    #[test]
    fn a_failed_attempt_needs_no_amount_and_other_types_need_nothing() {
        let failed = format!(r#"{{"metadata":{{"order_id":"{ORDER}"}}}}"#);
        let event = PaymentEvent::AttemptFailed { order: order() };
        assert_eq!(read("payment_intent.payment_failed", &failed), Ok(event));
        let other = PaymentEvent::Other { kind: "customer.created".to_owned() };
        assert_eq!(read("customer.created", "7"), Ok(other.clone()));
        assert_eq!(PaymentEvent::read(br#"{"type":"customer.created"}"#), Ok(other));
    }

    #[test]
    fn an_object_without_a_name_has_one_all_the_same() {
        let object =
            format!(r#"{{"amount_received":1,"currency":"gbp","metadata":{{"order_id":"{ORDER}"}}}}"#);
        let source = Source::new("unnamed").expect("a source");
        let event = PaymentEvent::Receipt { order: order(), receipt: Receipt::captured(source, pounds(1)) };
        assert_eq!(read("payment_intent.succeeded", &object), Ok(event));
    }

    #[test]
    fn what_nothing_can_be_made_of_says_why() {
        for (object, reason) in [
            (object(r#""currency":"gbp""#), "data.object.amount_received is missing"),
            (object(r#""amount_received":1"#), "data.object.currency is missing"),
            (object(r#""amount_received":1,"currency":"pounds""#), "data.object.currency must be"),
            (object(r#""amount_received":-1,"currency":"gbp""#), "data.object.amount_received must be"),
            (object(r#""amount_received":1.5,"currency":"gbp""#), "data.object is amiss"),
            (
                object(r#""amount_received":9007199254740992,"currency":"gbp""#),
                "data.object.amount_received must",
            ),
            (
                r#"{"amount_received":1,"currency":"gbp"}"#.to_owned(),
                "data.object.metadata.order_id is missing",
            ),
            (
                r#"{"amount_received":1,"currency":"gbp","metadata":{"order_id":"7"}}"#.to_owned(),
                "data.object.metadata.order_id must be a UUID",
            ),
            ("null".to_owned(), "data.object is amiss"),
        ] {
            let refused = read("payment_intent.succeeded", &object).expect_err("refused");
            assert!(refused.starts_with(reason), "{refused}");
        }
        for body in [&b""[..], b"{", b"[]", b"7", br#"{"type":7}"#, b"\xff", br#"{"data":{}}"#] {
            let refused = PaymentEvent::read(body).expect_err("refused");
            assert!(refused.starts_with("the body is no event in JSON"), "{refused}");
        }
    }
}
