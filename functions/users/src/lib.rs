//! Users over HTTP: the caller's own profile.
//!
//! The one rule: whose profile it is, the token says and nothing else of a
//! request. One file an operation, named by its verb: this file is the table of
//! routes.

mod limits;
mod save;
mod show;

use api::{Keys, Limiter};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, put};
use monitoring::Monitoring;
use store::Store;
use utoipa::OpenApi;

use self::limits::Limits;

/// The function's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    tags((name = "profile", description = "What the caller says of herself.")),
    paths(show::show, save::save)
)]
pub struct Contract;

/// What the operations stand on.
#[derive(Clone, Debug, FromRef)]
struct App {
    store: Store,
    keys: Keys,
}

/// The function's routes, set up from the variables of an environment.
///
/// # Errors
/// When a setting is missing or makes no sense.
pub fn router(variable: &impl Fn(&str) -> Option<String>, monitoring: &Monitoring) -> anyhow::Result<Router> {
    let store = Store::open(&store::Config::read(variable)?, monitoring)?;
    let keys = Keys::read(variable)?;
    let limits = Limits::read(variable, &Limiter::new(store.cache(), monitoring), &keys)?;
    let routes = Router::new()
        .route("/api/users/me", limits.reads.on(get(show::show)))
        .route("/api/users/me", limits.writes.on(put(save::save)))
        .with_state(App { store, keys });
    Ok(api::edge(routes, monitoring))
}
