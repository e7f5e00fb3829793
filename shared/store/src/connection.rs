//! How AWS is reached: plain HTTP to an emulator, TLS to the real one.

use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// An idle connection is closed after this, before the end of it that AWS has in mind.
const IDLE: Duration = Duration::from_secs(30);

pub(crate) fn http_client(endpoint: Option<&str>) -> SharedHttpClient {
    let builder = Builder::new().pool_idle_timeout(IDLE);
    if endpoint.is_some_and(|url| url.starts_with("http://")) {
        builder.build_http()
    } else {
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    }
}
