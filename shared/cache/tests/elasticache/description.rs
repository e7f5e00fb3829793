//! A cache in ElastiCache's words: whatever state it is in, and what is not said stays
//! unsaid.

use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::types::ClusterMode;
use cache::elasticache::Managed;
use cache::elasticache::description::{Description, describe};
use cache::elasticache::discovery::DiscoveryError;

use crate::canned;
use crate::moto_server::MotoServer;
use crate::stage::client;

async fn describe_canned(status: u16, body: &'static str) -> Result<Description, DiscoveryError> {
    let port = canned::serve(status, body).await;
    describe(&client(port), &Managed::ServerlessCache("shop-cache".to_owned())).await
}

#[tokio::test]
async fn a_serverless_cache_has_limits() {
    let description = describe_canned(200, include_str!("answers/serverless_available.xml")).await.unwrap();
    let expected = Description {
        status: Some("available".to_owned()),
        engine: Some("valkey".to_owned()),
        version: Some("8.1".to_owned()),
        storage_limit_gb: Some(10),
        ecpu_limit: Some(5_000),
        endpoints: 2,
        ..Description::default()
    };
    assert_eq!(description, expected);
}

#[tokio::test]
async fn a_cache_without_an_endpoint_can_be_described() {
    let description = describe_canned(200, include_str!("answers/serverless_creating.xml")).await.unwrap();
    assert_eq!((description.status.as_deref(), description.endpoints), (Some("creating"), 0));
}

/// A group of two nodes.
async fn create_group(client: &Client) -> Managed {
    let call = client.create_replication_group().replication_group_id("shop-cache");
    let call = call.replication_group_description("the shop").engine("valkey");
    let call = call.cache_node_type("cache.t4g.small").cluster_mode(ClusterMode::Enabled).num_node_groups(2);
    call.send().await.expect("moto creates it");
    Managed::ReplicationGroup("shop-cache".to_owned())
}

#[tokio::test]
async fn a_replication_group_has_nodes_of_a_type() {
    let moto = MotoServer::start();
    let group = create_group(&moto.client()).await;
    let description = describe(&moto.client(), &group).await.unwrap();
    assert_eq!((description.node_type.as_deref(), description.nodes), (Some("cache.t4g.small"), Some(2)));
    assert_eq!(description.status.as_deref(), Some("available"));
    assert!(description.endpoints > 0);
}

/// Moto lists a group's nodes without describing them, unless they were made by name.
#[tokio::test]
async fn a_replication_groups_version_is_its_nodes() {
    let moto = MotoServer::start();
    let client = moto.client();
    let group = create_group(&client).await;
    assert_eq!(describe(&client, &group).await.unwrap().version, None, "nobody can say");
    let node = client.create_cache_cluster().cache_cluster_id("shop-cache-0001-001").engine("redis");
    let node = node.cache_node_type("cache.t4g.small").num_cache_nodes(1);
    node.engine_version("7.1.0").send().await.unwrap();
    assert_eq!(describe(&client, &group).await.unwrap().version.as_deref(), Some("7.1.0"));
}

#[tokio::test]
async fn an_elasticache_that_throttles_says_so() {
    let error = describe_canned(400, include_str!("answers/throttled.xml")).await.unwrap_err();
    assert!(matches!(&error, DiscoveryError::Refused { code, .. } if code == "Throttling"), "{error:?}");
}
