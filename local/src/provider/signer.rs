//! Signs requests, under either scheme.

use std::fmt::Write;

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, Engine};
use domain::Provider;
use hmac::digest::Output;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use super::Event;

/// Headers of a request: their names and values.
pub type Headers = Vec<(&'static str, String)>;

/// Signs with one secret.
#[derive(Clone)]
pub struct Signer {
    provider: Provider,
    key: Vec<u8>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl Signer {
    /// As `provider` signs with this secret.
    ///
    /// # Errors
    /// When it is no secret of a provider of this kind.
    pub fn new(provider: Provider, secret: &str) -> Result<Self> {
        match provider {
            Provider::Stripe => Ok(Self::stripe(secret)),
            Provider::Standard => Self::standard(secret),
        }
    }

    /// As Stripe signs.
    pub fn stripe(secret: &str) -> Self {
        Self { provider: Provider::Stripe, key: secret.as_bytes().to_vec() }
    }

    /// As Standard Webhooks are signed.
    ///
    /// # Errors
    /// When the secret is no base64.
    pub fn standard(secret: &str) -> Result<Self> {
        let base64 = secret.strip_prefix("whsec_").unwrap_or(secret).trim_end_matches('=');
        let key = BASE64_STANDARD_NO_PAD.decode(base64);
        Ok(Self { provider: Provider::Standard, key: key.context("a webhook secret is no base64")? })
    }

    /// The headers of a request with this event, sent at this time.
    pub fn headers(&self, event: &Event, at: Timestamp) -> Headers {
        self.headers_of(event.id(), event.body().as_bytes(), at)
    }

    /// The headers of a request with this body; Stripe has no use for the
    /// message's name.
    pub fn headers_of(&self, id: &str, body: &[u8], at: Timestamp) -> Headers {
        let at = at.as_second();
        match self.provider {
            Provider::Stripe => {
                let signature = hex(&self.mac(&[format!("{at}.").as_bytes(), body].concat()));
                vec![("stripe-signature", format!("t={at},v1={signature}"))]
            }
            Provider::Standard => {
                let mac = self.mac(&[format!("{id}.{at}.").as_bytes(), body].concat());
                vec![
                    ("webhook-id", id.to_owned()),
                    ("webhook-timestamp", at.to_string()),
                    ("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(mac))),
                ]
            }
        }
    }

    fn mac(&self, message: &[u8]) -> Output<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("an HMAC takes a key of any length");
        mac.chain_update(message).finalize().into_bytes()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes whatever is written");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own test suites.
    #[test]
    fn the_published_message_has_the_published_signature() {
        let signer = Signer::standard("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let headers = signer.headers_of("msg_p5jXN8AQM9LWM0D4loKWxJek", body, at);
        let signature = ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned());
        assert_eq!(headers[2], signature);
    }

    #[test]
    fn a_signer_does_not_show_its_secret() {
        let shown = format!("{:?}", Signer::stripe("secret"));
        assert_eq!(shown, "Signer { provider: Stripe, .. }");
    }
}
