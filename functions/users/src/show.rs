//! `GET /api/users/me`

use api::{Caller, Private, Problem};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use domain::Profile;
use store::Store;

/// The tag is the version, for `If-Match`. It answers no `If-None-Match`: two
/// users of one browser have the same URL, and may have the same version.
#[utoipa::path(
    get,
    path = "/api/users/me",
    operation_id = "showProfile",
    tag = "profile",
    summary = "The caller's profile",
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("account-reads"))),
    responses(
        (
            status = 200,
            description = "The profile.",
            body = Profile,
            headers(("ETag" = String, description = "Its version, quoted; for `If-Match`.")),
        ),
        (status = 404, description = "There is none yet.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn show(caller: Caller, State(store): State<Store>) -> Result<impl IntoResponse, Problem> {
    let profile = store.profile(&caller.user).await?;
    let tag = format!("\"{}\"", profile.version);
    Ok(([(header::ETAG, tag)], Private(profile)))
}
