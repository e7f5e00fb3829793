//! `GET /api/cart`

use api::{Caller, Private, Problem};
use axum::extract::State;
use store::Store;

use crate::view::CartView;

/// Without an `ETag`: the version that writes take is in the body, and says
/// nothing of the names and prices that are shown with it.
pub(crate) async fn show(caller: Caller, State(store): State<Store>) -> Result<Private<CartView>, Problem> {
    let cart = store.cart(&caller.user).await?;
    Ok(Private(CartView::of(&store, &cart).await?))
}
