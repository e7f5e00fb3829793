//! `GET /api/products/{id}/pricing`

use api::{PathId, Problem, Representation};
use axum::extract::State;
use axum::http::HeaderMap;
use domain::ProductId;
use store::Store;

pub(crate) async fn show_pricing(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    headers: HeaderMap,
) -> Result<Representation, Problem> {
    Ok(Representation::new(&headers, &store.price(&id).await?))
}
