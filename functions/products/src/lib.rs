//! The catalogue over HTTP: products, their price and stock, search.
//!
//! Anyone reads; the scope `catalog:write` writes. One file an operation,
//! named by its verb: this file is the table of routes.

mod adjust_inventory;
mod archive;
mod create;
mod edit;
mod limits;
mod list;
mod replace;
mod search;
mod set_price;
mod show;
mod show_inventory;
mod show_pricing;
mod submission;
mod view;

use api::{Caller, Cursors, Keys, Limiter, Problem};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post, put};
use monitoring::Monitoring;
use store::Store;
use utoipa::OpenApi;

use self::limits::Limits;

/// The right to write to the catalogue.
const CATALOG_WRITE: &str = "catalog:write";

/// The function's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    tags((name = "catalogue", description = "Products, their price and stock, search. Anyone reads; the scope `catalog:write` writes.")),
    paths(
        list::list,
        create::create,
        search::search,
        show::show,
        replace::replace,
        edit::edit,
        archive::archive,
        show_inventory::show_inventory,
        adjust_inventory::adjust_inventory,
        show_pricing::show_pricing,
        set_price::set_price,
    )
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
    let Limits { reads, search, writes } = &limits;
    let product = put(replace::replace).patch(edit::edit).delete(archive::archive);
    let adjustments = post(adjust_inventory::adjust_inventory);
    let routes = Router::new()
        .route("/api/products", reads.on(get(list::list)))
        .route("/api/products", writes.on(post(create::create)))
        .route("/api/products/search", search.on(get(search::search)))
        .route("/api/products/{id}", reads.on(get(show::show)))
        .route("/api/products/{id}", writes.on(product))
        .route("/api/products/{id}/inventory", reads.on(get(show_inventory::show_inventory)))
        .route("/api/products/{id}/inventory/adjustments", writes.on(adjustments))
        .route("/api/products/{id}/pricing", reads.on(get(show_pricing::show_pricing)))
        .route("/api/products/{id}/pricing", writes.on(put(set_price::set_price)))
        .with_state(App { store, keys, cursors });
    Ok(api::edge(routes, monitoring))
}

/// A caller who may write to the catalogue. Asked for before anything else of
/// a request is read.
struct Editor(Caller);

impl axum::extract::FromRequestParts<App> for Editor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.require(CATALOG_WRITE)?;
        Ok(Self(caller))
    }
}
