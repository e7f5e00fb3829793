//! `GET /api/products[?category=]`

use api::{Cursors, IfNoneMatch, PageParams, Problem, Query, Representation, Violations};
use axum::extract::State;
use domain::Category;
use serde::Deserialize;
use store::{PageRequest, Store};

use crate::view;

#[derive(Debug, Deserialize)]
pub(crate) struct Params {
    category: Option<String>,
    #[serde(flatten)]
    page: PageParams,
}

pub(crate) async fn list(
    State(store): State<Store>,
    State(cursors): State<Cursors>,
    known: IfNoneMatch,
    Query(params): Query<Params>,
) -> Result<Representation, Problem> {
    let category = params.category.as_deref().map(Category::new).transpose();
    let category = category.map_err(|rule| Violations::one("/category", rule))?;
    let list = category.as_ref().map_or_else(|| "products".to_owned(), |c| format!("products/category/{c}"));
    let after = params.page.position(&cursors, &list)?;
    let request = PageRequest { limit: params.page.limit()?, after };
    let page = store.product_page(category.as_ref(), request).await?;
    Ok(Representation::new(&known, &view::page(page, &cursors, &list)))
}
