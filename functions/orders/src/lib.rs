//! Orders over HTTP: checkout, history, cancel.
//!
//! A user sees, places and cancels her own; someone else's order is answered
//! like one that does not exist. One file an operation, named by its verb: this
//! file is the table of routes.

mod cancel;
mod list;
mod place;
mod show;
mod submission;
mod view;

use api::{Cursors, Keys};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use monitoring::Monitoring;
use store::Store;

/// What the operations stand on.
#[derive(Clone, Debug, FromRef)]
struct App {
    store: Store,
    keys: Keys,
    cursors: Cursors,
}

/// The function's routes, set up from the variables of an environment.
///
/// # Errors
/// When a setting is missing or makes no sense.
pub fn router(variable: &impl Fn(&str) -> Option<String>, monitoring: &Monitoring) -> anyhow::Result<Router> {
    let store = Store::open(&store::Config::read(variable)?, monitoring)?;
    let (keys, cursors) = (Keys::read(variable)?, Cursors::read(variable)?);
    let routes = Router::new()
        .route("/api/orders", get(list::list).post(place::place))
        .route("/api/orders/{id}", get(show::show))
        .route("/api/orders/{id}/cancel", post(cancel::cancel))
        .with_state(App { store, keys, cursors });
    Ok(api::edge(routes, monitoring))
}
