//! `GET /api/products/{id}/pricing`

use api::{IfNoneMatch, PathId, Problem, Representation};
use axum::extract::State;
use domain::{Price, ProductId};
use store::Store;

#[utoipa::path(
    get,
    path = "/api/products/{id}/pricing",
    operation_id = "showPricing",
    tag = "catalogue",
    summary = "What it costs",
    params(("id" = ProductId, Path, description = "The product's id."), IfNoneMatch),
    extensions(("x-rate-limit" = json!("catalogue-reads"))),
    responses(
        (status = 200, description = "The price.", body = Price),
        (status = 304, description = "It is as the caller has it."),
    ),
)]
pub(crate) async fn show_pricing(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    known: IfNoneMatch,
) -> Result<Representation, Problem> {
    Ok(Representation::new(&known, &store.price(&id).await?))
}
