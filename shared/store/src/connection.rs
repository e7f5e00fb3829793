//! How AWS is reached: plain HTTP to an emulator, TLS to the real one.

use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

/// An idle connection is closed after this, before the end of it that AWS has in mind.
const IDLE: Duration = Duration::from_secs(30);

const AMAZON_ROOTS: &[u8] = include_bytes!("connection/amazon-roots.pem");

/// A client for a service's own endpoint in a region, or for another endpoint, which is called
/// so often at once.
///
/// A call that finds no connection free begins one, and takes whichever it can have first: so
/// there may be twice as many as calls. No more are kept than calls can use.
///
/// To read a system's certificates is most of what a function's start would take, and of
/// all those AWS needs Amazon's alone, which are in the binary. Who signs for other
/// endpoints, in China, or in the isolated partitions, the system knows.
pub fn http_client(endpoint: Option<&str>, region: &str, calls: usize) -> SharedHttpClient {
    let builder = Builder::new().pool_idle_timeout(IDLE).pool_max_idle_per_host(calls);
    if !is_encrypted(endpoint) {
        return builder.build_http();
    }
    let builder = builder.tls_provider(Provider::Rustls(CryptoMode::Ring));
    if endpoint.is_some() || region.starts_with("cn-") || region.contains("-iso") {
        return builder.build_https();
    }
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let context = TlsContext::builder().with_trust_store(roots).build();
    builder.tls_context(context.expect("a trust store is all it takes")).build_https()
}

/// Whether an endpoint, or AWS's own, is reached by TLS.
pub(crate) fn is_encrypted(endpoint: Option<&str>) -> bool {
    !endpoint.is_some_and(|url| url.starts_with("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazons_roots_can_be_read() {
        let count = AMAZON_ROOTS.windows(11).filter(|part| part == b"-----BEGIN ").count();
        assert_eq!(count, 5);
        http_client(None, "eu-west-1", 1); // which panics where one cannot
    }
}
