//! `GET /api/health/detailed`: what this process depends on, asked just now.
//!
//! The probes run side by side and are cut off together, so the answer comes
//! in time whatever hangs. A dead table is unhealthy; a dead cache costs speed
//! and is degraded.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Serialize;
use store::Store;
use tokio::time::timeout;

use crate::App;

/// The time for all probes.
const PROBE: Duration = Duration::from_millis(500);

/// From worst to best, so that the worst of several is their minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Unhealthy,
    Degraded,
    Healthy,
}

#[derive(Serialize)]
struct Detailed {
    status: Status,
    timestamp: Timestamp,
    /// Seconds since this process started.
    uptime: u64,
    services: Services,
}

#[derive(Serialize)]
struct Services {
    database: Probe,
    cache: Probe,
}

#[derive(Serialize)]
struct Probe {
    status: Status,
    /// How long the answer took.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<u64>,
    /// A latency below this is healthy.
    healthy_below_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

pub(crate) async fn detailed(State(app): State<App>) -> impl IntoResponse {
    let (database, cache) = tokio::join!(database(&app.store), cache(&app.store));
    let status = database.status.min(cache.status);
    let detailed = Detailed {
        status,
        timestamp: api::now(),
        uptime: app.started.elapsed().as_secs(),
        services: Services { database, cache },
    };
    let code = if status == Status::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, [(header::CACHE_CONTROL, "no-store")], Json(detailed))
}

async fn database(store: &Store) -> Probe {
    let limits = Limits { healthy_below_ms: 100, worst: Status::Unhealthy };
    match timeout(PROBE, store.ping()).await {
        Ok(Ok(latency)) => limits.judge(latency),
        Ok(Err(_)) => limits.down("the table cannot be read"),
        Err(_) => limits.down("the table did not answer in time"),
    }
}

async fn cache(store: &Store) -> Probe {
    let limits = Limits { healthy_below_ms: 50, worst: Status::Degraded };
    match timeout(PROBE, store.cache().ping()).await {
        Ok(Ok(latency)) => limits.judge(latency),
        Ok(Err(cache::PingError::NotConfigured)) => {
            Probe { status: Status::Healthy, ..limits.down("no shared cache is configured") }
        }
        Ok(Err(_)) => limits.down("the cache cannot be reached"),
        Err(_) => limits.down("the cache did not answer in time"),
    }
}

/// How a probe is judged.
struct Limits {
    healthy_below_ms: u64,
    /// How bad it is when it does not answer.
    worst: Status,
}

impl Limits {
    fn judge(&self, latency: Duration) -> Probe {
        let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        let status = if latency_ms < self.healthy_below_ms { Status::Healthy } else { Status::Degraded };
        Probe { status, latency_ms: Some(latency_ms), healthy_below_ms: self.healthy_below_ms, detail: None }
    }

    fn down(&self, detail: &'static str) -> Probe {
        let Self { healthy_below_ms, worst } = *self;
        Probe { status: worst, latency_ms: None, healthy_below_ms, detail: Some(detail) }
    }
}
