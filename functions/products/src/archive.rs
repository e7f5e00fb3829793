//! `DELETE /api/products/{id}`: out of the catalogue, not out of the table.

use api::{IfMatch, PathId, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use domain::ProductId;
use store::Store;

use crate::Editor;

pub(crate) async fn archive(
    _: Editor,
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    store.archive_product(&id, seen, api::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
