//! `DELETE /api/cart`: nothing in it, whatever there was.

use api::{Caller, IfMatch, Problem};
use axum::extract::State;
use axum::http::StatusCode;
use store::Store;

pub(crate) async fn empty(
    caller: Caller,
    State(store): State<Store>,
    if_match: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    store.empty_cart(&caller.user, if_match.map(|seen| seen.0)).await?;
    Ok(StatusCode::NO_CONTENT)
}
