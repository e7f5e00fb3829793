//! `PATCH /api/products/{id}`: a JSON merge patch (RFC 7396).

use api::{IfMatch, Json, PathId, Problem, from_value};
use axum::extract::State;
use domain::ProductId;
use serde_json::Value;
use store::{Change, Listing, Store};

use crate::Editor;
use crate::submission::Submission;
use crate::view::ProductView;

pub(crate) async fn edit(
    _: Editor,
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<Value>,
) -> Result<axum::Json<ProductView>, Problem> {
    // A null removes its field, an unknown one included: so it is looked at
    // before the merge.
    from_value::<Submission>(patch.clone())?;
    let listing = store.edit_product(&id, seen, api::now(), |listing| patched(listing, &patch)).await?;
    Ok(axum::Json(listing.into()))
}

/// The product with the patch merged in, held to the same rules as a new one.
fn patched(listing: &Listing, patch: &Value) -> Result<Change, Problem> {
    let mut document = serde_json::to_value(Submission::of(listing)).expect("a submission is plain JSON");
    json_patch::merge(&mut document, patch);
    from_value::<Submission>(document)?.checked()
}
