//! `GET /api/cart`

use api::{Caller, Private, Problem};
use axum::extract::State;
use store::Store;

use crate::view::CartView;

/// Without an `ETag`: the version that writes take is in the body, and says
/// nothing of the names and prices that are shown with it.
#[utoipa::path(
    get,
    path = "/api/cart",
    operation_id = "showCart",
    tag = "cart",
    summary = "The cart, at today's names and prices",
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("account-reads"))),
    responses((status = 200, description = "The cart.", body = CartView)),
)]
pub(crate) async fn show(caller: Caller, State(store): State<Store>) -> Result<Private<CartView>, Problem> {
    let cart = store.cart(&caller.user).await?;
    Ok(Private(CartView::of(&store, &cart).await?))
}
