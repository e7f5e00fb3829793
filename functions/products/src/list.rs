//! `GET /api/products[?category=]`

use api::{Cursors, IfNoneMatch, PageParams, Problem, Query, Representation, Violations};
use axum::extract::State;
use domain::Category;
use serde::Deserialize;
use store::{PageRequest, Store};
use utoipa::IntoParams;

use crate::view::{self, ProductPage};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Params {
    /// Only products of this category, as it is written there.
    #[param(value_type = Option<Category>, nullable = false)]
    category: Option<String>,
    #[serde(flatten)]
    #[param(ignore)]
    page: PageParams,
}

#[utoipa::path(
    get,
    path = "/api/products",
    operation_id = "listProducts",
    tag = "catalogue",
    summary = "A page of products",
    params(Params, PageParams, IfNoneMatch),
    extensions(("x-rate-limit" = json!("catalogue-reads"))),
    responses(
        (status = 200, description = "The page.", body = ProductPage),
        (status = 304, description = "It is as the caller has it."),
    ),
)]
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
