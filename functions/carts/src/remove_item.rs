//! `DELETE /api/cart/items/{product_id}`: 204 also where it was not in the
//! cart, nor in the catalogue: what was asked for holds.

use api::{Caller, IfMatch, PathId, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use domain::ProductId;
use store::Store;

pub(crate) async fn remove_item(
    caller: Caller,
    State(store): State<Store>,
    PathId(product): PathId<ProductId>,
    if_match: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    store.remove_cart_item(&caller.user, &product, if_match.map(|seen| seen.0)).await?;
    Ok(StatusCode::NO_CONTENT)
}
