//! `GET /api/products/search?q=`

use api::{Cursors, IfNoneMatch, PageParams, Problem, Query, Representation, Violations};
use axum::extract::State;
use serde::Deserialize;
use store::{PageRequest, Store};
use utoipa::IntoParams;

use crate::view::{self, ProductPage};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Params {
    /// One to ten words; of what is left without accents, a Latin letter or a digit.
    #[param(value_type = String, required, max_length = 200, example = "creme br")]
    q: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageParams,
}

#[utoipa::path(
    get,
    path = "/api/products/search",
    operation_id = "searchProducts",
    tag = "catalogue",
    summary = "Products by words",
    description = "Case and accents do not count. Each word must be in name, tags or category; the last one may be the beginning of one.",
    params(Params, PageParams, IfNoneMatch),
    security((), ("bearer" = [])),
    extensions(("x-rate-limit" = json!("search"))),
    responses(
        (status = 200, description = "The page.", body = ProductPage),
        (status = 304, description = "It is as the caller has it."),
    ),
)]
pub(crate) async fn search(
    State(store): State<Store>,
    State(cursors): State<Cursors>,
    known: IfNoneMatch,
    Query(params): Query<Params>,
) -> Result<Representation, Problem> {
    let q = params.q.ok_or_else(|| Violations::one("/q", "is required"))?;
    let query = domain::Query::new(&q).map_err(|rule| Violations::one("/q", rule))?;
    let list = format!("products/search/{query}");
    let after = params.page.position(&cursors, &list)?;
    let request = PageRequest { limit: params.page.limit()?, after };
    let page = store.search_products(&query, request).await?;
    Ok(Representation::new(&known, &view::page(page, &cursors, &list)))
}
