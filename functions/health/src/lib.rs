//! Is the system well? And the answer to every path that no function serves.

mod detailed;
mod live;

use std::time::Instant;

use axum::Router;
use axum::routing::get;
use monitoring::Monitoring;
use store::Store;

/// What the operations stand on.
#[derive(Clone, Debug)]
struct App {
    store: Store,
    started: Instant,
}

/// The function's routes, set up from the variables of an environment.
///
/// # Errors
/// When a setting is missing or makes no sense.
pub fn router(variable: &impl Fn(&str) -> Option<String>, monitoring: &Monitoring) -> anyhow::Result<Router> {
    let store = Store::open(&store::Config::read(variable)?, monitoring)?;
    let routes = Router::new()
        .route("/api/health", get(live::live))
        .route("/api/health/detailed", get(detailed::detailed))
        .with_state(App { store, started: Instant::now() });
    Ok(api::edge(routes, monitoring))
}
