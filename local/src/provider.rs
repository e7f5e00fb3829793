//! A payment provider, played: it tells the shop of payments by events that it
//! signs, over HTTP, as Stripe or one that keeps to Standard Webhooks does.
//!
//! The signing here shares no code with the verifying in `functions/webhooks`: a
//! mistake that both made would be seen by neither.

mod event;
mod order;
mod secrets;
mod signer;

use std::time::Duration;

use anyhow::{Context, Result};
use domain::Provider;
use http::{HeaderName, StatusCode, header};
use jiff::Timestamp;

pub use self::event::Event;
pub use self::order::total;
pub use self::secrets::Secrets;
pub use self::signer::{Headers, Signer};

/// What providers wait for an answer, about.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A provider that sends to one shop.
#[derive(Clone, Debug)]
pub struct Sender {
    http: reqwest::Client,
    shop: String,
    stripe: Signer,
    standard: Signer,
}

/// What the shop answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body, as it came.
    pub body: String,
}

impl Sender {
    /// One that sends to the API at `shop` (`http://host:port`). Nothing is sent yet.
    pub fn new(shop: &str, secrets: &Secrets) -> Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().timeout(ANSWER_WITHIN).build()?,
            shop: shop.to_owned(),
            stripe: Signer::new(Provider::Stripe, secrets.of(Provider::Stripe))?,
            standard: Signer::new(Provider::Standard, secrets.of(Provider::Standard))?,
        })
    }

    /// What it signs with under a scheme.
    pub fn signer(&self, provider: Provider) -> &Signer {
        match provider {
            Provider::Stripe => &self.stripe,
            Provider::Standard => &self.standard,
        }
    }

    /// Sends an event once, signed at this moment. A real provider sends it again
    /// until the answer is a 2xx.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send(&self, provider: Provider, event: &Event) -> Result<Answer> {
        let headers = self.signer(provider).headers(event, Timestamp::now());
        self.post(provider, headers, event.body()).await
    }

    /// Sends what may be anything.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post(&self, provider: Provider, headers: Headers, body: String) -> Result<Answer> {
        let url = format!("{}/api/webhooks/{provider}", self.shop);
        let mut request = self.http.post(&url).header(header::CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), value);
        }
        let unanswered = || format!("no answer from {url}");
        let response = request.send().await.with_context(unanswered)?;
        let status = response.status();
        Ok(Answer { status, body: response.text().await.with_context(unanswered)? })
    }
}
