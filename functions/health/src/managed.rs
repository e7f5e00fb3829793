//! What ElastiCache says of the shared cache, if it is one of its.
//!
//! Asked for beside the probes and cut off with them, and not again for a minute,
//! whatever came of it: the answer changes rarely, and a caller's are counted.

use std::sync::Arc;
use std::time::Duration;

use cache::Discovery;
use cache::elasticache::Managed;
use cache::elasticache::description::{Description, describe};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;
use utoipa::ToSchema;

/// How long an answer is good, and how long nothing is asked after none.
const KEPT: SignedDuration = SignedDuration::from_mins(1);
/// For the question: a little less than for the probes, so that its failure can
/// still be noted.
const LIMIT: Duration = Duration::from_millis(450);

/// Who is asked about which cache. Clones share what is known.
#[derive(Clone)]
pub(crate) struct ManagedCache(Option<Arc<Asked>>);

struct Asked {
    discovery: Discovery,
    /// Locked by whoever asks: whoever waits for it finds what was said.
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// What was said last, and when.
    said: Option<(Description, Timestamp)>,
    tried: Option<Timestamp>,
    failure: Option<&'static str>,
}

/// A cache in ElastiCache's words.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HealthManagedCache)]
pub(crate) struct Described {
    name: String,
    kind: &'static str,
    #[serde(flatten)]
    #[schema(value_type = Said)]
    said: Option<Said>,
    /// Why nothing newer is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<&'static str>,
}

/// What it said, and when. What it does not say is left out.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = HealthManagedCacheState)]
struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    engine: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    node_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    nodes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    storage_limit_gb: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ecpu_limit: Option<i32>,
    // These two are not there either, until it has said something.
    #[schema(required = false)]
    endpoints: usize,
    #[schema(required = false)]
    asked_at: Timestamp,
}

impl ManagedCache {
    /// No I/O happens before it is first described.
    pub(crate) fn new(discovery: Option<Discovery>) -> Self {
        Self(discovery.map(|discovery| Arc::new(Asked { discovery, known: Mutex::default() })))
    }

    /// What is known of it, asked anew once a minute; none if it is no such cache.
    pub(crate) async fn described(&self) -> Option<Described> {
        let asked = self.0.as_ref()?;
        let Ok(mut known) = timeout(LIMIT, asked.known.lock()).await else {
            return Some(described(&asked.discovery.cache, None, Some("it is being asked")));
        };
        let now = api::now();
        if !known.is_fresh(now) {
            // Noted first: who asked may be cut off.
            known.tried = Some(now);
            known.take(asked.ask().await, now);
        }
        Some(described(&asked.discovery.cache, known.said.as_ref(), known.failure))
    }
}

impl std::fmt::Debug for ManagedCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ManagedCache(..)")
    }
}

impl Asked {
    async fn ask(&self) -> Result<Description, &'static str> {
        let Discovery { client, cache } = &self.discovery;
        match timeout(LIMIT, describe(client, cache)).await {
            Ok(Ok(description)) => Ok(description),
            Ok(Err(error)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "ElastiCache does not describe the cache"
                );
                Err("ElastiCache does not describe it")
            }
            Err(_) => Err("ElastiCache did not answer in time"),
        }
    }
}

impl Known {
    /// What lies in the future, because the clock was set back since, is old.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.tried.is_some_and(|tried| (SignedDuration::ZERO..KEPT).contains(&now.duration_since(tried)))
    }

    fn take(&mut self, answer: Result<Description, &'static str>, now: Timestamp) {
        self.failure = answer.as_ref().err().copied();
        if let Ok(description) = answer {
            self.said = Some((description, now));
        }
    }
}

fn described(
    cache: &Managed,
    said: Option<&(Description, Timestamp)>,
    detail: Option<&'static str>,
) -> Described {
    let kind = match cache {
        Managed::ServerlessCache(_) => "serverless",
        Managed::ReplicationGroup(_) => "replication_group",
    };
    let said = said.map(|(description, asked_at)| Said::of(description.clone(), *asked_at));
    Described { name: cache.name().to_owned(), kind, said, detail }
}

impl Said {
    fn of(description: Description, asked_at: Timestamp) -> Self {
        let Description {
            status,
            engine,
            version,
            node_type,
            nodes,
            storage_limit_gb,
            ecpu_limit,
            endpoints,
        } = description;
        Self { status, engine, version, node_type, nodes, storage_limit_gb, ecpu_limit, endpoints, asked_at }
    }
}
