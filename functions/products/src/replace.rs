//! `PUT /api/products/{id}`

use api::{IfMatch, Json, PathId, Problem};
use axum::extract::State;
use domain::ProductId;
use store::Store;

use crate::Editor;
use crate::submission::Submission;
use crate::view::ProductView;

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
