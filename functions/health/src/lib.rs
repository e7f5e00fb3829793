//! Is the system well? And the answer to every path that no function serves.
//!
//! The one rule: an answer in time, whatever hangs. It asks table and cache itself,
//! reads what the fleet has counted, and judges both by one table of limits
//! (`limits.rs`). Nothing here mends anything, and no verdict rests on what this one
//! process has seen.

mod check;
mod dashboard;
mod detailed;
mod judge;
mod limits;
mod live;
mod managed;
mod names;
mod number;
mod probe;
mod recent;
mod report;
mod token;

use std::time::Instant;

use axum::Router;
use axum::routing::get;
use monitoring::{FunctionNames, Monitoring};
use store::Store;
use utoipa::OpenApi;

use crate::dashboard::Page;
use crate::managed::ManagedCache;
use crate::token::Token;

/// The function's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    tags((name = "health", description = "How the system does.")),
    paths(live::live, detailed::detailed, dashboard::dashboard)
)]
pub struct Contract;

/// What the operations stand on.
#[derive(Clone, Debug)]
struct App {
    store: Store,
    monitoring: Monitoring,
    managed: ManagedCache,
    names: FunctionNames,
    token: Token,
    page: Page,
    started: Instant,
}

/// The function's routes, set up from the variables of an environment.
///
/// # Errors
/// When a setting is missing or makes no sense.
pub fn router(variable: &impl Fn(&str) -> Option<String>, monitoring: &Monitoring) -> anyhow::Result<Router> {
    let config = store::Config::read(variable)?;
    let app = App {
        store: Store::open(&config, monitoring)?,
        monitoring: monitoring.clone(),
        managed: ManagedCache::new(config.elasticache()),
        names: FunctionNames::read(variable, env!("CARGO_PKG_NAME")),
        token: Token::read(variable),
        page: Page::assemble(),
        started: Instant::now(),
    };
    let routes = Router::new()
        .route("/api/health", get(live::live))
        .route("/api/health/detailed", get(detailed::detailed))
        .route("/api/health/dashboard", get(dashboard::dashboard))
        .with_state(app);
    Ok(api::edge(routes, monitoring))
}
