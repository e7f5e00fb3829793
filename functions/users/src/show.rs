//! `GET /api/users/me`

use api::{Caller, Private, Problem};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use store::Store;

/// The tag is the version, for `If-Match`. It answers no `If-None-Match`: two
/// users of one browser have the same URL, and may have the same version.
pub(crate) async fn show(caller: Caller, State(store): State<Store>) -> Result<impl IntoResponse, Problem> {
    let profile = store.profile(&caller.user).await?;
    let tag = format!("\"{}\"", profile.version);
    Ok(([(header::ETAG, tag)], Private(profile)))
}
