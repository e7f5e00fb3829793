//! Reads any bytes as the headers and the body of a webhook.
//!
//! Nothing panics, and nothing passes but what was signed: nobody here can make an
//! HMAC, so a request that is verified is one of the seeds, with its own name, time
//! and body.
#![no_main]

use axum::http::{HeaderMap, HeaderValue};
use domain::{EventId, Provider};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use webhooks::event;
use webhooks::signature::{Key, Signature};

const NAMES: [&str; 4] = ["stripe-signature", "webhook-id", "webhook-timestamp", "webhook-signature"];
const STRIPE_SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The time, the body and the name of the seeds.
const SENT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";

/// Header values in the order of their names with NUL between, several of one name
/// with line feeds between; the rest is the body.
fn parts(data: &[u8]) -> (HeaderMap, &[u8]) {
    let mut parts = data.splitn(NAMES.len() + 1, |byte| *byte == 0);
    let mut headers = HeaderMap::new();
    for name in NAMES {
        let values = parts.next().into_iter().flat_map(|part| part.split(|byte| *byte == b'\n'));
        for value in values.filter_map(|value| HeaderValue::from_bytes(value).ok()) {
            headers.append(name, value);
        }
    }
    (headers, parts.next().unwrap_or_default())
}

fuzz_target!(|data: &[u8]| {
    let (headers, body) = parts(data);
    for (provider, secret) in [(Provider::Stripe, STRIPE_SECRET), (Provider::Standard, STANDARD_SECRET)] {
        let key = Key::read(provider, secret).expect("a secret");
        let Ok(signature) = Signature::read(provider, &headers) else { continue };
        let in_time = [SENT - 300, SENT, SENT + 300]
            .map(|now| signature.check_time(Timestamp::from_second(now).expect("a time")).is_ok());
        let id = event::key(provider, &signature, body).id;
        assert_eq!(EventId::new(id.as_str()), Ok(id.clone()));
        if signature.is_by(&[key], body) {
            assert_eq!(body, BODY);
            assert_eq!(in_time, [true; 3]);
            let message = (provider == Provider::Standard).then_some(MESSAGE);
            assert_eq!(signature.message_id(), message);
        }
    }
});
