//! Whatever comes, the parsers answer; `fuzz/` looks for what they do not expect
//! with more patience.

use axum::http::{HeaderMap, HeaderValue};
use domain::{EventId, Provider};
use jiff::Timestamp;
use proptest::prelude::*;
use webhooks::event;
use webhooks::signature::{Key, Signature};

use crate::intake::{BOTH, STANDARD_SECRET, STRIPE_SECRET};

const NAMES: [&str; 4] = ["stripe-signature", "webhook-id", "webhook-timestamp", "webhook-signature"];

/// Headers with any values, some of them nearly good, some of them twice.
fn headers() -> impl Strategy<Value = HeaderMap> {
    let good = "(t=[1-9][0-9]{0,9}(,v[01]=[0-9a-f]{64}){1,3}|[1-9][0-9]{0,9}|v1,[A-Za-z0-9+/]{42}[AEIM]=)";
    let near =
        "(t=[0-9]{0,20}|v1=[0-9a-f]{0,66}|v0=x|[,=. ]|v1,[A-Za-z0-9+/=]{0,46}| v1a,x|[0-9]{1,20}|.){0,9}";
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    let value = prop_oneof![good.prop_map(String::into_bytes), near.prop_map(String::into_bytes), bytes];
    prop::collection::vec((0..NAMES.len(), value), 0..8).prop_map(|fields| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(NAMES[name], value);
            }
        }
        headers
    })
}

proptest! {
    #[test]
    fn no_headers_and_no_body_are_too_strange(
        headers in headers(),
        body in prop::collection::vec(any::<u8>(), 0..300),
        now in -2_000_000_000_i64..200_000_000_000,
    ) {
        let now = Timestamp::from_second(now).expect("a time");
        for (provider, secret) in BOTH.into_iter().zip([STRIPE_SECRET, STANDARD_SECRET]) {
            let key = Key::read(provider, secret).expect("a secret");
            if let Ok(signature) = Signature::read(provider, &headers) {
                let _ = signature.check_time(now);
                prop_assert!(!signature.is_by(&[key], &body), "a signature out of thin air");
                let id = event::key(provider, &signature, &body).id;
                prop_assert_eq!(EventId::new(id.as_str()), Ok(id));
            }
        }
    }

    #[test]
    fn no_secret_is_too_strange(secret in ".{0,200}") {
        for provider in [Provider::Stripe, Provider::Standard] {
            let _ = Key::read(provider, &secret);
        }
    }
}
