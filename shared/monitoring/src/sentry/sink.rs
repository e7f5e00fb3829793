//! Where Sentry listens.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use sentry_core::types::Dsn;

/// A connection is kept for the next envelopes of the same drain; after a freeze it
/// is likely to be dead.
const IDLE: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read, so that its connection can be used again.
const ANSWER: usize = 16 * 1024;
/// Who says so.
const AGENT: &str = concat!("storefront/", env!("CARGO_PKG_VERSION"));

type Https = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Takes envelopes to one project of one Sentry.
pub(super) struct Sink {
    url: String,
    auth: String,
    client: OnceLock<Https>,
}

/// Nobody took the envelope, or nobody said so.
#[derive(Debug, thiserror::Error)]
#[error("Sentry cannot be reached")]
pub(super) struct Unreachable;

impl Sink {
    pub(super) fn new(dsn: &Dsn) -> Self {
        let (url, auth) = (dsn.envelope_api_url().into(), dsn.to_auth(Some(AGENT)).to_string());
        Self { url, auth, client: OnceLock::new() }
    }

    /// Sends an envelope, and tells what was said to it.
    pub(super) async fn send(&self, envelope: Bytes) -> Result<(StatusCode, HeaderMap), Unreachable> {
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/x-sentry-envelope")
            .header(USER_AGENT, AGENT)
            .header("x-sentry-auth", &self.auth);
        let request = request.body(Full::new(envelope)).map_err(|_| Unreachable)?;
        let answer = self.client.get_or_init(client).request(request).await.map_err(|_| Unreachable)?;
        let (head, body) = answer.into_parts();
        let _ = Limited::new(body, ANSWER).collect().await;
        Ok((head.status, head.headers))
    }
}

/// Made for the first envelope, because the start of a process has no time for it.
/// With Mozilla's roots in the binary: reading the system's takes longer than all else.
fn client() -> Https {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = rustls::crypto::ring::default_provider().into();
    let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let tls = tls.expect("ring has their ciphers").with_root_certificates(roots).with_no_client_auth();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector)
}
