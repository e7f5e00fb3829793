//! `GET /api/products/{id}/pricing`

use api::{IfNoneMatch, PathId, Problem, Representation};
use axum::extract::State;
use domain::ProductId;
use store::Store;

pub(crate) async fn show_pricing(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    known: IfNoneMatch,
) -> Result<Representation, Problem> {
    Ok(Representation::new(&known, &store.price(&id).await?))
}
