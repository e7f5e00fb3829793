//! Bodies as they came: a signature covers bytes, of whatever type.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;

use api::Problem;

/// The longest body, in bytes: 256 KiB, which still fits an item of the inbox
/// (DynamoDB takes 400 KB).
pub(crate) const LIMIT: usize = 256 * 1_024;

/// The bytes of a body of at most [`LIMIT`].
pub(crate) struct Raw(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(|rejection| match rejection.into_response().status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(LIMIT),
            _ => Problem::malformed("the body cannot be read"),
        })
    }
}
