//! Carts over HTTP: the caller's own cart.
//!
//! The one rule: each write says what is to hold of one line, or that none is
//! to be left, so it can be repeated and undoes no other. That is why `If-Match`
//! is honoured here and not asked for. Whose cart it is, the token says. One
//! file an operation, named by its verb: this file is the table of routes.

mod empty;
mod limits;
mod remove_item;
mod set_item;
mod show;
mod view;

use api::{Keys, Limiter};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{delete, get, put};
use monitoring::Monitoring;
use store::Store;
use utoipa::OpenApi;

use self::limits::Limits;

/// The function's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    tags((name = "cart", description = "The caller's cart. Each write sets one line, so it may be repeated; `If-Match` is honoured and not asked for.")),
    paths(show::show, empty::empty, set_item::set_item, remove_item::remove_item)
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
    let item = put(set_item::set_item).delete(remove_item::remove_item);
    let routes = Router::new()
        .route("/api/cart", limits.reads.on(get(show::show)))
        .route("/api/cart", limits.writes.on(delete(empty::empty)))
        .route("/api/cart/items/{product_id}", limits.writes.on(item))
        .with_state(App { store, keys });
    Ok(api::edge(routes, monitoring))
}
