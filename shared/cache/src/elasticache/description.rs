//! What ElastiCache says of a cache, for people.
//!
//! One call of its API, as [`discovery`](super::discovery) makes it and with the same
//! permission. A replication group's version is its nodes', which takes another one,
//! with `elasticache:DescribeCacheClusters`; where that is refused, the version stays
//! unknown.

use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::types::{
    CacheUsageLimits, DataStorage, EcpuPerSecond, ReplicationGroup, ServerlessCache,
};

use super::Managed;
use super::discovery::{DiscoveryError, limits, replication_group, serverless_cache};

/// A cache in ElastiCache's words. What it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Its status, such as `available`.
    pub status: Option<String>,
    /// `valkey` or `redis`.
    pub engine: Option<String>,
    /// The engine's version.
    pub version: Option<String>,
    /// Type of its nodes, if it has any.
    pub node_type: Option<String>,
    /// How many it has of them.
    pub nodes: Option<usize>,
    /// Gigabytes that a serverless cache may hold.
    pub storage_limit_gb: Option<i32>,
    /// ElastiCache processing units a second that it may take.
    pub ecpu_limit: Option<i32>,
    /// Addresses at which it is reached.
    pub endpoints: usize,
}

/// Asks ElastiCache about a cache. Takes up to two time limits of a discovery.
///
/// # Errors
/// As [`discover`](super::discovery::discover), except that a cache may be of any
/// engine and have no endpoint.
pub async fn describe(client: &Client, cache: &Managed) -> Result<Description, DiscoveryError> {
    match cache {
        Managed::ServerlessCache(name) => {
            let found = serverless_cache(client, cache, name).await?;
            Ok(of_serverless_cache(found))
        }
        Managed::ReplicationGroup(name) => {
            let found = replication_group(client, cache, name).await?;
            let version = version(client, &found).await;
            Ok(Description { version, ..of_replication_group(found) })
        }
    }
}

fn of_serverless_cache(found: ServerlessCache) -> Description {
    let limits = found.cache_usage_limits();
    Description {
        storage_limit_gb: limits.and_then(CacheUsageLimits::data_storage).and_then(DataStorage::maximum),
        ecpu_limit: limits.and_then(CacheUsageLimits::ecpu_per_second).and_then(EcpuPerSecond::maximum),
        endpoints: [&found.endpoint, &found.reader_endpoint].into_iter().flatten().count(),
        status: found.status,
        engine: found.engine,
        version: found.full_engine_version.or(found.major_engine_version),
        ..Description::default()
    }
}

fn of_replication_group(found: ReplicationGroup) -> Description {
    let groups = found.node_groups();
    let of_groups = groups.iter().flat_map(|it| [it.primary_endpoint(), it.reader_endpoint()]);
    let endpoints = of_groups.chain([found.configuration_endpoint()]).flatten().count();
    Description {
        endpoints,
        nodes: found.member_clusters.as_ref().map(Vec::len),
        status: found.status,
        engine: found.engine,
        node_type: found.cache_node_type,
        ..Description::default()
    }
}

/// Of any one node: all are of one version.
async fn version(client: &Client, group: &ReplicationGroup) -> Option<String> {
    let node = group.member_clusters().first()?;
    let call = client.describe_cache_clusters().cache_cluster_id(node);
    let answer = call.customize().config_override(limits()).send().await.ok()?;
    answer.cache_clusters.unwrap_or_default().into_iter().next()?.engine_version
}
