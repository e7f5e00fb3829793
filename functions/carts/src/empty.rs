//! `DELETE /api/cart`: nothing in it, whatever there was.

use api::{Caller, IfMatch, OptionalIfMatch, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::Store;

#[utoipa::path(
    delete,
    path = "/api/cart",
    operation_id = "emptyCart",
    tag = "cart",
    summary = "Empty the cart",
    params(OptionalIfMatch),
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("cart-writes"))),
    responses((status = 204, description = "Nothing is in it.")),
)]
pub(crate) async fn empty(
    caller: Caller,
    State(store): State<Store>,
    if_match: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    store.empty_cart(&caller.user, if_match.map(|seen| seen.0)).await?;
    Ok(StatusCode::NO_CONTENT)
}
