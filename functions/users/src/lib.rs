//! Users over HTTP: the caller's own profile.
//!
//! The one rule: whose profile it is, the token says and nothing else of a
//! request. One file an operation, named by its verb: this file is the table of
//! routes.

mod save;
mod show;

use api::Keys;
use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use monitoring::Monitoring;
use store::Store;

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
    let routes =
        Router::new().route("/api/users/me", get(show::show).put(save::save)).with_state(App { store, keys });
    Ok(api::edge(routes, monitoring))
}
