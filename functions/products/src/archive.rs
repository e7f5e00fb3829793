//! `DELETE /api/products/{id}`: out of the catalogue, not out of the table.

use api::{IfMatch, PathId, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use domain::ProductId;
use store::Store;

use crate::Editor;

#[utoipa::path(
    delete,
    path = "/api/products/{id}",
    operation_id = "archiveProduct",
    tag = "catalogue",
    summary = "Take a product out of the catalogue",
    params(("id" = ProductId, Path, description = "The product's id."), IfMatch),
    security(("bearer" = ["catalog:write"])),
    extensions(("x-rate-limit" = json!("catalogue-writes"))),
    responses((status = 204, description = "It is not sold any more. Orders keep it.")),
)]
pub(crate) async fn archive(
    _: Editor,
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    IfMatch(seen): IfMatch,
) -> Result<StatusCode, Problem> {
    store.archive_product(&id, seen, api::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
