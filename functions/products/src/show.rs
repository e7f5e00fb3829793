//! `GET /api/products/{id}`

use api::{IfNoneMatch, PathId, Problem, Representation};
use axum::extract::State;
use domain::ProductId;
use store::Store;

use crate::view::ProductView;

pub(crate) async fn show(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    known: IfNoneMatch,
) -> Result<Representation, Problem> {
    let listing = store.product(&id).await?;
    Ok(Representation::new(&known, &ProductView::from(listing)))
}
