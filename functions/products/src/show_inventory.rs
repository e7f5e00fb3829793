//! `GET /api/products/{id}/inventory`

use api::{IfNoneMatch, PathId, Problem, Representation};
use axum::extract::State;
use domain::{ProductId, Stock};
use store::Store;

#[utoipa::path(
    get,
    path = "/api/products/{id}/inventory",
    operation_id = "showInventory",
    tag = "catalogue",
    summary = "How many there are",
    params(("id" = ProductId, Path, description = "The product's id."), IfNoneMatch),
    extensions(("x-rate-limit" = json!("catalogue-reads"))),
    responses(
        (status = 200, description = "The stock.", body = Stock),
        (status = 304, description = "It is as the caller has it."),
    ),
)]
pub(crate) async fn show_inventory(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    known: IfNoneMatch,
) -> Result<Representation, Problem> {
    Ok(Representation::new(&known, &store.stock(&id).await?))
}
