//! `GET /api/products/{id}/inventory`

use api::{PathId, Problem, Representation};
use axum::extract::State;
use axum::http::HeaderMap;
use domain::ProductId;
use store::Store;

pub(crate) async fn show_inventory(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    headers: HeaderMap,
) -> Result<Representation, Problem> {
    Ok(Representation::new(&headers, &store.stock(&id).await?))
}
