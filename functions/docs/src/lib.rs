//! What the API is: its OpenAPI document, and a page that shows it.
//!
//! The one rule: nothing is made here. The document is generated from the code, and
//! committed (`make openapi`); the page's parts are those of Swagger UI's release. No
//! table, no cache, no other host. This file is the table of routes.

mod asset;
mod openapi;
mod page;

use axum::Router;
use axum::routing::get;
use monitoring::Monitoring;
use utoipa::OpenApi;

pub use self::openapi::DOCUMENT;

/// The function's part of the OpenAPI document.
#[derive(Debug, OpenApi)]
#[openapi(
    tags((name = "docs", description = "This document, and a page that shows it.")),
    paths(openapi::openapi, page::page)
)]
pub struct Contract;

/// The function's routes.
pub fn router(monitoring: &Monitoring) -> Router {
    let routes = Router::new()
        .route("/api/openapi.json", get(openapi::openapi))
        .route("/api/docs", get(page::page))
        .route("/api/docs/{file}", get(asset::asset));
    api::edge(routes, monitoring)
}
