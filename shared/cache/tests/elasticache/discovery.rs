//! A name leads to a host, a port and how to speak there, or to a plain reason.

use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::operation::create_replication_group::builders::CreateReplicationGroupFluentBuilder;
use aws_sdk_elasticache::types::{ClusterMode, TransitEncryptionMode};
use cache::elasticache::Managed;
use cache::elasticache::discovery::{DiscoveryError, Endpoint, discover};

use crate::canned;
use crate::moto_server::MotoServer;
use crate::stage::client;

fn serverless() -> Managed {
    Managed::ServerlessCache("shop-cache".to_owned())
}

fn group() -> Managed {
    Managed::ReplicationGroup("shop-cache".to_owned())
}

/// A replication group as `shape` makes it.
async fn create<F>(client: &Client, shape: F)
where
    F: FnOnce(CreateReplicationGroupFluentBuilder) -> CreateReplicationGroupFluentBuilder,
{
    let call = client.create_replication_group().replication_group_id("shop-cache");
    let call = call.replication_group_description("the shop").engine("valkey");
    shape(call).send().await.expect("moto creates it");
}

async fn discover_canned(
    cache: &Managed,
    status: u16,
    body: &'static str,
) -> Result<Endpoint, DiscoveryError> {
    let port = canned::serve(status, body).await;
    discover(&client(port), cache).await
}

#[tokio::test]
async fn a_group_in_cluster_mode_is_reached_by_its_configuration_endpoint() {
    let moto = MotoServer::start();
    let client = moto.client();
    create(&client, |group| {
        let group = group.cluster_mode(ClusterMode::Enabled).num_node_groups(2).port(7000);
        group.transit_encryption_enabled(true).transit_encryption_mode(TransitEncryptionMode::Required)
    })
    .await;
    let endpoint = discover(&client, &group()).await.unwrap();
    assert!(endpoint.host.starts_with("clustercfg.shop-cache."), "{endpoint:?}");
    assert_eq!(endpoint, Endpoint { host: endpoint.host.clone(), port: 7000, tls: true, cluster: true });
}

#[tokio::test]
async fn a_group_without_cluster_mode_is_reached_by_its_primary_endpoint() {
    let moto = MotoServer::start();
    let client = moto.client();
    create(&client, |group| group.cluster_mode(ClusterMode::Disabled).num_cache_clusters(2)).await;
    let endpoint = discover(&client, &group()).await.unwrap();
    assert!(endpoint.host.starts_with("master.shop-cache."), "{endpoint:?}");
    assert_eq!(endpoint, Endpoint { host: endpoint.host.clone(), port: 6379, tls: false, cluster: false });
}

#[tokio::test]
async fn tls_is_spoken_also_where_it_is_merely_preferred() {
    let moto = MotoServer::start();
    let client = moto.client();
    create(&client, |group| {
        group.transit_encryption_enabled(true).transit_encryption_mode(TransitEncryptionMode::Preferred)
    })
    .await;
    let endpoint = discover(&client, &group()).await.unwrap();
    assert!(endpoint.tls);
}

#[tokio::test]
async fn an_unknown_group_is_not_found() {
    let moto = MotoServer::start();
    let error = discover(&moto.client(), &group()).await.unwrap_err();
    assert!(matches!(&error, DiscoveryError::NotFound { cache } if *cache == group()), "{error:?}");
}

#[tokio::test]
async fn a_group_that_is_being_created_is_not_ready() {
    let body = include_str!("answers/group_creating.xml");
    let error = discover_canned(&group(), 200, body).await.unwrap_err();
    assert!(matches!(&error, DiscoveryError::NotReady { status, .. } if status == "creating"), "{error:?}");
}

#[tokio::test]
async fn a_serverless_cache_is_a_cluster_behind_tls() {
    let body = include_str!("answers/serverless_available.xml");
    let endpoint = discover_canned(&serverless(), 200, body).await.unwrap();
    let host = "shop-cache-x7q2pl.serverless.euc1.cache.amazonaws.com".to_owned();
    assert_eq!(endpoint, Endpoint { host, port: 6379, tls: true, cluster: true });
}

#[tokio::test]
async fn a_name_is_found_in_any_case_and_no_other_is_taken_for_it() {
    let body = include_str!("answers/serverless_available.xml");
    let shouted = Managed::ServerlessCache("SHOP-Cache".to_owned());
    assert!(discover_canned(&shouted, 200, body).await.is_ok());
    let nameless = Managed::ServerlessCache(String::new());
    let error = discover_canned(&nameless, 200, body).await.unwrap_err();
    assert!(matches!(error, DiscoveryError::NotFound { .. }), "{error:?}");
}

#[tokio::test]
async fn a_serverless_cache_that_is_being_created_is_not_ready() {
    let body = include_str!("answers/serverless_creating.xml");
    let error = discover_canned(&serverless(), 200, body).await.unwrap_err();
    assert!(matches!(&error, DiscoveryError::NotReady { status, .. } if status == "creating"), "{error:?}");
}

#[tokio::test]
async fn a_serverless_memcached_is_refused() {
    let body = include_str!("answers/serverless_memcached.xml");
    let error = discover_canned(&serverless(), 200, body).await.unwrap_err();
    assert!(
        matches!(&error, DiscoveryError::WrongEngine { engine, .. } if engine == "memcached"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_unknown_serverless_cache_is_not_found() {
    let body = include_str!("answers/serverless_unknown.xml");
    let error = discover_canned(&serverless(), 404, body).await.unwrap_err();
    assert!(matches!(&error, DiscoveryError::NotFound { cache } if *cache == serverless()), "{error:?}");
}

#[tokio::test]
async fn a_throttled_discovery_says_so() {
    let body = include_str!("answers/throttled.xml");
    let error = discover_canned(&serverless(), 400, body).await.unwrap_err();
    assert!(matches!(&error, DiscoveryError::Refused { code, .. } if code == "Throttling"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_signature_is_told_without_what_was_signed() {
    let body = include_str!("answers/wrong_signature.xml");
    let error = discover_canned(&serverless(), 403, body).await.unwrap_err();
    assert!(
        matches!(&error, DiscoveryError::Refused { code, .. } if code == "SignatureDoesNotMatch"),
        "{error:?}"
    );
    assert!(!format!("{error:?}").contains("the-session-token"), "{error:?}");
}

/// The clock is tokio's and jumps to the next deadline when nothing else is to do.
#[tokio::test(start_paused = true)]
async fn a_service_that_never_answers_is_given_up() {
    let (_listener, port) = canned::silent().await;
    let error = discover(&client(port), &serverless()).await.unwrap_err();
    assert!(matches!(&error, DiscoveryError::NoAnswer { .. }), "{error:?}");
}

#[tokio::test]
async fn a_service_that_is_not_there_is_no_answer() {
    let (listener, port) = canned::silent().await;
    drop(listener);
    let error = discover(&client(port), &serverless()).await.unwrap_err();
    assert!(matches!(&error, DiscoveryError::NoAnswer { .. }), "{error:?}");
}
