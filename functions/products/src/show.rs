//! `GET /api/products/{id}`

use api::{PathId, Problem, Representation};
use axum::extract::State;
use axum::http::HeaderMap;
use domain::ProductId;
use store::Store;

use crate::view::ProductView;

pub(crate) async fn show(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    headers: HeaderMap,
) -> Result<Representation, Problem> {
    let listing = store.product(&id).await?;
    Ok(Representation::new(&headers, &ProductView::from(listing)))
}
