//! `GET /api/products/{id}/inventory`

use api::{IfNoneMatch, PathId, Problem, Representation};
use axum::extract::State;
use domain::ProductId;
use store::Store;

pub(crate) async fn show_inventory(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    known: IfNoneMatch,
) -> Result<Representation, Problem> {
    Ok(Representation::new(&known, &store.stock(&id).await?))
}
