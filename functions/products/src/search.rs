//! `GET /api/products/search?q=`

use api::{Cursors, IfNoneMatch, PageParams, Problem, Query, Representation, Violations};
use axum::extract::State;
use serde::Deserialize;
use store::{PageRequest, Store};

use crate::view;

#[derive(Debug, Deserialize)]
pub(crate) struct Params {
    q: Option<String>,
    #[serde(flatten)]
    page: PageParams,
}

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
