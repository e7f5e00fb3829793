//! Finds where a cache is reached, and how, by its name.
//!
//! One call of the ElastiCache API, which wants `elasticache:DescribeServerlessCaches`
//! or `elasticache:DescribeReplicationGroups` allowed. It is made at start-up, when
//! somebody waits, so it is bounded by [`TIME_LIMIT`] whatever the given client's
//! own limits and retries are.

use std::time::Duration;

use aws_sdk_elasticache::Client;
use aws_sdk_elasticache::config::{self, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_elasticache::error::{BoxError, ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_sdk_elasticache::operation::describe_replication_groups::DescribeReplicationGroupsError;
use aws_sdk_elasticache::operation::describe_serverless_caches::DescribeServerlessCachesError;
use aws_sdk_elasticache::types::{self, ReplicationGroup, ServerlessCache};

use super::Managed;

/// How long a discovery takes at most: both tries and the pause between.
pub const TIME_LIMIT: Duration = Duration::from_secs(2);
/// How long one try may take.
const ATTEMPT: Duration = Duration::from_millis(900);
/// Tries in all. ElastiCache throttles descriptions, and what is read is safe to
/// read again.
const ATTEMPTS: u32 = 2;
/// The longest pause between them.
const PAUSE: Duration = Duration::from_millis(200);

/// Where a cache is reached, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The host's DNS name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is to be spoken.
    pub tls: bool,
    /// Whether the cluster protocol is to be spoken; the host then leads to any
    /// one of the nodes.
    pub cluster: bool,
}

/// Why a cache's endpoint is not known.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// This account has no such cache in this region.
    #[error("ElastiCache does not know {cache} in this account and region")]
    NotFound {
        /// The cache asked for.
        cache: Managed,
    },
    /// It is there and has no endpoint: it is being created, or could not be.
    #[error("{cache} has no endpoint yet; its status is {status:?}")]
    NotReady {
        /// The cache asked for.
        cache: Managed,
        /// Its status in ElastiCache's words.
        status: String,
    },
    /// It is there and speaks the protocol of another engine.
    #[error("{cache} is of the engine {engine:?}, not of Valkey or Redis")]
    WrongEngine {
        /// The cache asked for.
        cache: Managed,
        /// Its engine in ElastiCache's words.
        engine: String,
    },
    /// ElastiCache refused: the permission is missing, or it was asked too often.
    #[error("ElastiCache refused to describe {cache} ({code})")]
    Refused {
        /// The cache asked for.
        cache: Managed,
        /// ElastiCache's error code, empty if it gave none.
        code: String,
        /// What else it said. After a signature that does not match, nothing: it
        /// would repeat the signed headers, and a session token is one.
        source: Box<ErrorMetadata>,
    },
    /// ElastiCache could not be asked, or gave no proper answer within
    /// [`TIME_LIMIT`]. In a VPC it takes a NAT gateway, or an interface endpoint
    /// of ElastiCache's API, to reach it.
    #[error("ElastiCache could not be asked about {cache}")]
    NoAnswer {
        /// The cache asked for.
        cache: Managed,
        /// What is known of the cause.
        source: BoxError,
    },
}

/// Asks ElastiCache where a cache is reached.
pub async fn discover(client: &Client, cache: &Managed) -> Result<Endpoint, DiscoveryError> {
    match cache {
        Managed::ServerlessCache(name) => {
            let found = serverless_cache(client, cache, name).await?;
            check_engine(cache, found.engine())?;
            of_serverless_cache(&found).ok_or_else(|| not_ready(cache, found.status()))
        }
        Managed::ReplicationGroup(name) => {
            let found = replication_group(client, cache, name).await?;
            of_replication_group(&found).ok_or_else(|| not_ready(cache, found.status()))
        }
    }
}

pub(super) async fn serverless_cache(
    client: &Client,
    cache: &Managed,
    name: &str,
) -> Result<ServerlessCache, DiscoveryError> {
    let call = client.describe_serverless_caches().serverless_cache_name(name);
    let answer = call.customize().config_override(limits()).send().await;
    let answer = answer.map_err(|error| {
        failed(cache, error, DescribeServerlessCachesError::is_serverless_cache_not_found_fault)
    })?;
    let mut found = answer.serverless_caches.unwrap_or_default().into_iter();
    found.find(|found| is_named(name, found.serverless_cache_name())).ok_or_else(|| not_found(cache))
}

pub(super) async fn replication_group(
    client: &Client,
    cache: &Managed,
    name: &str,
) -> Result<ReplicationGroup, DiscoveryError> {
    let call = client.describe_replication_groups().replication_group_id(name);
    let answer = call.customize().config_override(limits()).send().await;
    let answer = answer.map_err(|error| {
        failed(cache, error, DescribeReplicationGroupsError::is_replication_group_not_found_fault)
    })?;
    let mut found = answer.replication_groups.unwrap_or_default().into_iter();
    found.find(|found| is_named(name, found.replication_group_id())).ok_or_else(|| not_found(cache))
}

pub(super) fn limits() -> config::Builder {
    let timeouts = TimeoutConfig::builder().operation_timeout(TIME_LIMIT).operation_attempt_timeout(ATTEMPT);
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(PAUSE)
        .with_max_backoff(PAUSE);
    config::Config::builder().timeout_config(timeouts.build()).retry_config(retries)
}

/// Without a name, ElastiCache describes every cache: none but the one asked for
/// is taken from an answer.
fn is_named(name: &str, found: Option<&str>) -> bool {
    found.is_some_and(|found| found.eq_ignore_ascii_case(name))
}

/// A serverless cache can be one of Memcached, a replication group cannot.
fn check_engine(cache: &Managed, engine: Option<&str>) -> Result<(), DiscoveryError> {
    match engine {
        Some(engine) if !matches!(engine, "valkey" | "redis") => {
            Err(DiscoveryError::WrongEngine { cache: cache.clone(), engine: engine.to_owned() })
        }
        _ => Ok(()),
    }
}

/// ElastiCache encrypts every connection to a serverless cache (User Guide,
/// "ElastiCache in-transit encryption") and runs each in cluster mode; neither
/// can be turned off, and so neither is in the answer.
fn of_serverless_cache(cache: &ServerlessCache) -> Option<Endpoint> {
    let (host, port) = address(cache.endpoint()?)?;
    Some(Endpoint { host, port, tls: true, cluster: true })
}

/// The transit encryption mode says whether connections without TLS are let in
/// as well (`preferred`), or no longer (`required`). With TLS both let in, and
/// the endpoints in the answer are then those for it (User Guide, "Best practices
/// when enabling in-transit encryption"), so the mode is not looked at.
fn of_replication_group(group: &ReplicationGroup) -> Option<Endpoint> {
    let cluster = group.cluster_enabled().unwrap_or(false);
    let endpoint = if cluster {
        group.configuration_endpoint()
    } else {
        group.node_groups().first().and_then(types::NodeGroup::primary_endpoint)
    };
    let (host, port) = address(endpoint?)?;
    Some(Endpoint { host, port, tls: group.transit_encryption_enabled().unwrap_or(false), cluster })
}

/// Host and port, if both are there; the SDK's types require neither.
fn address(endpoint: &types::Endpoint) -> Option<(String, u16)> {
    let host = endpoint.address().filter(|host| !host.is_empty())?;
    let port = u16::try_from(endpoint.port()?).ok().filter(|port| *port != 0)?;
    Some((host.to_owned(), port))
}

fn not_found(cache: &Managed) -> DiscoveryError {
    DiscoveryError::NotFound { cache: cache.clone() }
}

fn not_ready(cache: &Managed, status: Option<&str>) -> DiscoveryError {
    DiscoveryError::NotReady { cache: cache.clone(), status: status.unwrap_or_default().to_owned() }
}

fn failed<E>(cache: &Managed, error: SdkError<E>, is_missing: fn(&E) -> bool) -> DiscoveryError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let cache = cache.clone();
    match error.as_service_error() {
        Some(fault) if is_missing(fault) => DiscoveryError::NotFound { cache },
        Some(fault) => {
            let code = fault.code().unwrap_or_default().to_owned();
            DiscoveryError::Refused { cache, code, source: Box::new(speakable(fault.meta())) }
        }
        None => DiscoveryError::NoAnswer { cache, source: error.into() },
    }
}

/// What may be repeated of an error's words (see [`DiscoveryError::Refused`]).
fn speakable(fault: &ErrorMetadata) -> ErrorMetadata {
    match fault.code() {
        Some(code) if code.contains("Signature") => ErrorMetadata::builder().code(code).build(),
        _ => fault.clone(),
    }
}
