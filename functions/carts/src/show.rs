//! `GET /api/cart`

use api::{Caller, Problem};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use store::Store;

use crate::view::CartView;

/// Without an `ETag`: the version that writes take is in the body, and says
/// nothing of the names and prices that are shown with it.
pub(crate) async fn show(caller: Caller, State(store): State<Store>) -> Result<impl IntoResponse, Problem> {
    let cart = store.cart(&caller.user).await?;
    let view = CartView::of(&store, &cart).await?;
    Ok(([(header::CACHE_CONTROL, "private, no-cache")], axum::Json(view)))
}
