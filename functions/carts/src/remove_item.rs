//! `DELETE /api/cart/items/{product_id}`: 204 also where it was not in the
//! cart, nor in the catalogue: what was asked for holds.

use api::{Caller, IfMatch, OptionalIfMatch, PathId, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use domain::ProductId;
use store::Store;

#[utoipa::path(
    delete,
    path = "/api/cart/items/{product_id}",
    operation_id = "removeCartItem",
    tag = "cart",
    summary = "Want nothing of a product any more",
    params(("product_id" = ProductId, Path, description = "The product's id."), OptionalIfMatch),
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("cart-writes"))),
    responses((status = 204, description = "It is not in the cart, nor need it have been.")),
)]
pub(crate) async fn remove_item(
    caller: Caller,
    State(store): State<Store>,
    PathId(product): PathId<ProductId>,
    if_match: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    store.remove_cart_item(&caller.user, &product, if_match.map(|seen| seen.0)).await?;
    Ok(StatusCode::NO_CONTENT)
}
