//! `GET /api/products/{id}`

use api::{IfNoneMatch, PathId, Problem, Representation};
use axum::extract::State;
use domain::ProductId;
use store::Store;

use crate::view::ProductView;

#[utoipa::path(
    get,
    path = "/api/products/{id}",
    operation_id = "showProduct",
    tag = "catalogue",
    summary = "One product",
    params(("id" = ProductId, Path, description = "The product's id."), IfNoneMatch),
    extensions(("x-rate-limit" = json!("catalogue-reads"))),
    responses(
        (status = 200, description = "The product.", body = ProductView),
        (status = 304, description = "It is as the caller has it."),
    ),
)]
pub(crate) async fn show(
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    known: IfNoneMatch,
) -> Result<Representation, Problem> {
    let listing = store.product(&id).await?;
    Ok(Representation::new(&known, &ProductView::from(listing)))
}
