//! An intake of one test's own, and how a provider speaks to it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, Region};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use domain::{EventKey, Provider};
use jiff::Timestamp;
use local::provider::{Headers, Signer};
pub(crate) use local::testing::{Answer, send};
use local::testing::{Database, Tokens, environment};
use monitoring::Monitoring;
use store::{Config, Event, Store};

use crate::hand::Hand;

pub(crate) const STRIPE_SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
pub(crate) const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// An event as Stripe writes it, with its spaces.
pub(crate) const BODY: &str = r#"{
  "id": "evt_test_webhook",
  "object": "event",
  "data": { "object": { "id": "rdr_123", "object": "terminal.reader" } }
}"#;
pub(crate) const BOTH: [Provider; 2] = [Provider::Stripe, Provider::Standard];

pub(crate) struct Intake {
    pub(crate) hand: Hand,
    pub(crate) database: Database,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) router: Router,
}

impl Intake {
    /// With one secret for each provider.
    pub(crate) async fn open() -> Self {
        Self::with(&[
            ("STRIPE_WEBHOOK_SECRETS", STRIPE_SECRET),
            ("STANDARD_WEBHOOK_SECRETS", STANDARD_SECRET),
        ])
        .await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let database = Database::memory().await;
        let mut environment = environment(&database, None, &Tokens::new());
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let hand = Hand::at(Timestamp::now());
        let router = router(&environment, &hand).await.expect("the environment is complete");
        Self { hand, database, environment, router }
    }

    /// Sends a body that its provider has just signed.
    pub(crate) async fn signed(&self, provider: Provider, body: &str) -> Answer {
        self.post(provider, &self.headers(provider, body), body).await
    }

    /// The headers of a body that its provider has just signed.
    pub(crate) fn headers(&self, provider: Provider, body: &str) -> Headers {
        signer(provider).headers_of("msg_1", body.as_bytes(), self.hand.now())
    }

    pub(crate) async fn post(&self, provider: Provider, headers: &Headers, body: &str) -> Answer {
        send(&self.router, request(provider, headers, body.as_bytes())).await
    }

    /// The event of this name, as it was kept.
    pub(crate) async fn event(&self, key: &str) -> Event {
        let config = Config::read(&|name| self.environment.get(name).cloned()).expect("a full environment");
        let store = Store::open(&config, &Monitoring::default()).expect("a good configuration");
        let key: EventKey = key.parse().expect("a key");
        store.event(&key).await.expect("it was kept")
    }

    /// How many items the table has: events alone.
    pub(crate) async fn kept(&self) -> i32 {
        let config = aws_sdk_dynamodb::Config::builder()
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(self.database.endpoint_past_faults());
        let table = Client::from_conf(config.build());
        table.scan().table_name(self.database.table_name()).send().await.expect("a page").count()
    }
}

pub(crate) async fn router(environment: &BTreeMap<String, String>, hand: &Hand) -> anyhow::Result<Router> {
    let variable = |name: &str| environment.get(name).cloned();
    webhooks::router(&variable, &Monitoring::default(), hand.clock()).await
}

pub(crate) fn signer(provider: Provider) -> Signer {
    let secret = match provider {
        Provider::Stripe => STRIPE_SECRET,
        Provider::Standard => STANDARD_SECRET,
    };
    Signer::new(provider, secret).expect("a secret")
}

pub(crate) fn request(provider: Provider, headers: &Headers, body: &[u8]) -> Request<Body> {
    let mut request = Request::post(format!("/api/webhooks/{provider}"));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.body(Body::from(body.to_vec())).expect("a request")
}
