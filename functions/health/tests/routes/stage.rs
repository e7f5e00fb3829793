//! The function, and what it probes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use local::testing::{Answer, Database, Redis, Tokens, environment, send};
use monitoring::Monitoring;
use serde_json::Value;

/// Half a second is promised; a busy machine gets some more.
const IN_TIME: Duration = Duration::from_secs(2);
/// Nobody listens there: tcpmux.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:1";

pub(crate) struct Stage {
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    environment: BTreeMap<String, String>,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let (database, redis) = (Database::memory().await, Redis::start().await);
        let environment = environment(&database, Some(&redis), &Tokens::new());
        Self { database, redis, environment }
    }

    /// The same with another variable.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn router(&self) -> Router {
        router(&self.environment)
    }

    /// A process that has reached table and cache before.
    pub(crate) async fn warm_router(&self) -> Router {
        let router = self.router();
        for _ in 0..50 {
            if detailed(&router).await.body["status"] == "healthy" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        router
    }
}

pub(crate) fn router(environment: &BTreeMap<String, String>) -> Router {
    let variable = |name: &str| environment.get(name).cloned();
    health::router(&variable, &Monitoring::default()).unwrap()
}

pub(crate) async fn get(router: &Router, path: &str) -> Answer {
    send(router, Request::get(path).body(Body::empty()).unwrap()).await
}

/// The detailed answer, which must come in time.
pub(crate) async fn detailed(router: &Router) -> Answer {
    let start = Instant::now();
    let answer = get(router, "/api/health/detailed").await;
    assert!(start.elapsed() < IN_TIME, "it took {:?}", start.elapsed());
    answer
}

/// Status code, and the verdicts on everything, the table and the cache.
pub(crate) fn verdicts(answer: &Answer) -> (u16, [&str; 3]) {
    let services = &answer.body["services"];
    let verdicts = [&answer.body["status"], &services["database"]["status"], &services["cache"]["status"]];
    (answer.status, verdicts.map(|verdict| verdict.as_str().unwrap()))
}

/// A service's probe.
pub(crate) fn probe<'a>(answer: &'a Answer, service: &str) -> &'a Value {
    &answer.body["services"][service]["checks"]["probe"]
}
