//! `PATCH /api/products/{id}`: a JSON merge patch (RFC 7396).

use api::{IfMatch, Json, PathId, Problem, from_value};
use axum::extract::State;
use domain::{Category, Currency, Description, Name, ProductId, Tags};
use serde_json::Value;
use store::{Change, Listing, Store};
use utoipa::ToSchema;

use crate::Editor;
use crate::submission::Submission;
use crate::view::ProductView;

#[utoipa::path(
    patch,
    path = "/api/products/{id}",
    operation_id = "editProduct",
    tag = "catalogue",
    summary = "Change a part of a product",
    description = "A JSON merge patch (RFC 7396): what it does not name stays.",
    params(("id" = ProductId, Path, description = "The product's id."), IfMatch),
    security(("bearer" = ["catalog:write"])),
    extensions(("x-rate-limit" = json!("catalogue-writes"))),
    request_body(content((Patch = "application/merge-patch+json"), (Patch = "application/json"))),
    responses((status = 200, description = "The product as it is now.", body = ProductView)),
)]
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

/// A patch as callers write it, for the document.
#[derive(ToSchema)]
#[schema(as = ProductPatch)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what is merged is JSON")]
struct Patch {
    #[schema(required = false)]
    name: Name,
    description: Option<Description>,
    #[schema(required = false)]
    category: Category,
    tags: Option<Tags>,
    #[schema(required = false)]
    price: PricePatch,
}

/// A part of a price.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "what is merged is JSON")]
struct PricePatch {
    #[schema(required = false, minimum = 1, maximum = 10_000_000_000i64, example = 2_450)]
    amount: i64,
    #[schema(required = false)]
    currency: Currency,
}

/// The product with the patch merged in, held to the same rules as a new one.
fn patched(listing: &Listing, patch: &Value) -> Result<Change, Problem> {
    let mut document = serde_json::to_value(Submission::of(listing)).expect("a submission is plain JSON");
    json_patch::merge(&mut document, patch);
    from_value::<Submission>(document)?.checked()
}
