//! Caches in Amazon ElastiCache: where one is reached, and what lets in.
//!
//! Who deploys a cache chooses its name. AWS makes its address, and another one
//! when encryption is turned on. So [`discovery`] finds the address by the name,
//! and [`iam`] makes the short-lived token that stands for a password. What ElastiCache
//! itself says of the cache, [`description`] tells. All take
//! credentials and client from the caller, who sets them up once: this crate
//! brings no HTTP stack along and reads no environment.

pub mod description;
pub mod discovery;
pub mod iam;

use std::fmt;

/// A cache by its name, which ElastiCache stores in lower case and finds in any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Managed {
    /// A serverless cache, by its `ServerlessCacheName`.
    ServerlessCache(String),
    /// A node-based cluster, by its `ReplicationGroupId`.
    ReplicationGroup(String),
}

impl Managed {
    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::ServerlessCache(name) | Self::ReplicationGroup(name) => name,
        }
    }
}

impl fmt::Display for Managed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServerlessCache(name) => write!(f, "the serverless cache {name:?}"),
            Self::ReplicationGroup(name) => write!(f, "the replication group {name:?}"),
        }
    }
}
