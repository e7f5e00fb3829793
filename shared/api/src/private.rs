//! Answers for one caller alone.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A JSON answer that no cache between may keep for others (RFC 9111 §5.2.2.7),
/// and the caller's own must ask again before it is used.
#[derive(Debug)]
pub struct Private<T>(pub T);

impl<T: Serialize> IntoResponse for Private<T> {
    fn into_response(self) -> Response {
        ([(header::CACHE_CONTROL, "private, no-cache")], Json(self.0)).into_response()
    }
}
