//! Which event a verified request brings: the name under which it is kept once.

use api::Object;
use domain::{EventId, EventKey, Provider};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::signature::Signature;

#[derive(Deserialize)]
struct Named {
    id: String,
}

/// The event's name: the one that its provider gave it, or a digest that is the
/// same whenever it comes.
pub fn key(provider: Provider, signature: &Signature, body: &[u8]) -> EventKey {
    let id = match signature.message_id() {
        Some(id) => by_header(id),
        None => by_body(body),
    };
    EventKey { provider, id }
}

/// The specification: "use the webhook-id header as an idempotency key".
fn by_header(id: &str) -> EventId {
    EventId::new(id).unwrap_or_else(|_rule| digest(id.as_bytes()))
}

/// The `id` of an event object (Stripe's API reference, "The Event object"). A
/// body without a proper one is told from others by all of its bytes.
fn by_body(body: &[u8]) -> EventId {
    let named = serde_json::from_slice::<Object<Named>>(body).ok();
    named.and_then(|Object(Named { id })| EventId::new(&id).ok()).unwrap_or_else(|| digest(body))
}

fn digest(bytes: &[u8]) -> EventId {
    EventId::from_sha256(&Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// printf '[]' | sha256sum
    const EMPTY_LIST: &str = "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";

    #[test]
    fn a_body_is_named_by_its_id() {
        assert_eq!(by_body(br#"{"id":"evt_1","data":{"id":"pi_1"}}"#).as_str(), "evt_1");
    }

    #[test]
    fn a_body_without_a_proper_id_is_named_by_its_bytes() {
        assert_eq!(by_body(b"[]").as_str(), EMPTY_LIST);
        for body in [
            r#"["evt_1"]"#,
            r#"{"id":7}"#,
            r#"{"id":"evt 1"}"#,
            r#"{"id":""}"#,
            r#"{"id":"evt_1","id":"evt_2"}"#,
            r#"{"data":{"id":"evt_1"}}"#,
            r#"{"id":"evt_1"} {"id":"evt_1"}"#,
            r#"{"id":"evt_1""#,
            "evt_1",
            "",
        ] {
            assert!(by_body(body.as_bytes()).as_str().starts_with("sha256:"), "{body}");
        }
        assert_ne!(by_body(b"{}"), by_body(b"{ }"));
    }

    #[test]
    fn a_strange_name_in_a_header_is_told_by_its_digest() {
        assert_eq!(by_header("msg_1").as_str(), "msg_1");
        assert_eq!(by_header("[]").as_str(), EMPTY_LIST);
    }
}
