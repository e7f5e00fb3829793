//! Whom the cache trusts, and what it does with whom it does not.

use cache::{Config, PingError};

use crate::certificates::stranger;
use crate::cluster_server::reach;
use crate::node::Node;
use crate::stage::{L2_ONLY, Truth, cache};

#[tokio::test]
async fn a_single_server_is_used_by_tls() {
    let server = Node::alone();
    let (here, there) = (cache(reach(&server)), cache(reach(&server)));
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&here, &key).await;
    truth.read_until_cached(&there, &key).await;
    truth.write(2);
    assert!(there.invalidate(&[key.erase()], &[]).await);
    assert_eq!(truth.read(&here, &key).await, 2);
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let server = Node::alone();
    for cluster in [false, true] {
        let authority = Some(stranger());
        is_kept_away(Config { cluster, certificate_authorities: authority, ..reach(&server) }).await;
        is_kept_away(Config { cluster, certificate_authorities: None, ..reach(&server) }).await;
    }
}

#[tokio::test]
async fn nothing_is_sent_in_clear_to_a_server_that_speaks_tls() {
    let server = Node::alone();
    for cluster in [false, true] {
        let url = Some(server.url().replace("rediss:", "redis:"));
        is_kept_away(Config { cluster, url, ..reach(&server) }).await;
    }
}

/// The loader answers, and a ping says that nothing else does.
async fn is_kept_away(config: Config) {
    let cache = cache(config);
    let truth = Truth::of(1);
    for i in 1..=100 {
        assert_eq!(truth.read(&cache, &L2_ONLY.key("a")).await, 1);
        assert_eq!(truth.loads(), i);
    }
    assert!(matches!(cache.ping().await, Err(PingError::Unreachable { .. })));
}
