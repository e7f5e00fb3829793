//! Orders over HTTP: checkout, history, cancel.
//!
//! A user sees, places and cancels her own; someone else's order is answered
//! like one that does not exist. One file an operation, named by its verb: this
//! file is the table of routes.

mod cancel;
mod described;
mod limits;
mod list;
mod place;
mod show;
mod submission;
mod view;

use api::{Cursors, Keys, Limiter};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use monitoring::Monitoring;
use store::Store;
use utoipa::OpenApi;

use self::limits::Limits;

/// The function's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    tags((name = "orders", description = "Checkout, history, cancel: the caller's own orders.")),
    paths(list::list, place::place, show::show, cancel::cancel)
)]
pub struct Contract;

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
    let limits = Limits::read(variable, &Limiter::new(store.cache(), monitoring), &keys)?;
    let routes = Router::new()
        .route("/api/orders", limits.reads.on(get(list::list)))
        .route("/api/orders", limits.checkout.on(post(place::place)))
        .route("/api/orders/{id}", limits.reads.on(get(show::show)))
        .route("/api/orders/{id}/cancel", limits.checkout.on(post(cancel::cancel)))
        .with_state(App { store, keys, cursors });
    Ok(api::edge(routes, monitoring))
}
