//! `PUT /api/products/{id}`

use api::{IfMatch, Json, PathId, Problem};
use axum::extract::State;
use domain::ProductId;
use store::Store;

use crate::Editor;
use crate::submission::Submission;
use crate::view::ProductView;

#[utoipa::path(
    put,
    path = "/api/products/{id}",
    operation_id = "replaceProduct",
    tag = "catalogue",
    summary = "Say anew what a product is",
    params(("id" = ProductId, Path, description = "The product's id."), IfMatch),
    security(("bearer" = ["catalog:write"])),
    extensions(("x-rate-limit" = json!("catalogue-writes"))),
    request_body = Submission,
    responses((status = 200, description = "The product as it is now.", body = ProductView)),
)]
pub(crate) async fn replace(
    _: Editor,
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    IfMatch(seen): IfMatch,
    Json(body): Json<Submission>,
) -> Result<axum::Json<ProductView>, Problem> {
    let change = body.checked()?;
    let listing = store.edit_product(&id, seen, api::now(), |_| Ok::<_, Problem>(change.clone())).await?;
    Ok(axum::Json(listing.into()))
}
