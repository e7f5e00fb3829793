//! The gate's own errors, in the shape of the API's (RFC 9457).

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde_json::json;

/// An answer that no function gave.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    instance: String,
}

/// Long enough for the queue to move, short enough for a person.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

impl Problem {
    pub(super) fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, format!("The local gate is full: {detail}."))
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let detail = format!("The body is larger than {limit} bytes, the most that the gateway takes.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    pub(super) fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "The request did not arrive in time.".into())
    }

    /// The emulator answers these with an error of its own, and 500.
    pub(super) fn unreadable_header() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "A header's value is not ASCII.".into())
    }

    pub(super) fn incomplete() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "The request ended before its body was complete.".into())
    }

    pub(super) fn died(function: &str) -> Self {
        let detail = format!("The function {function} died before it answered.");
        Self::new(StatusCode::BAD_GATEWAY, detail)
    }

    pub(super) fn failing(function: &str) -> Self {
        let detail = format!("The function {function} keeps dying; its log says why.");
        Self::new(StatusCode::BAD_GATEWAY, detail)
    }

    pub(super) fn unreachable() -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "The Lambda emulator gave no answer.".into())
    }

    pub(super) fn out_of_time(function: &str, deadline: Duration) -> Self {
        let detail = format!("The function {function} did not answer within {} s.", deadline.as_secs());
        Self::new(StatusCode::GATEWAY_TIMEOUT, detail)
    }

    /// The same, as the answer to a request for this path.
    pub(super) fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.instance);
        self
    }

    fn new(status: StatusCode, detail: String) -> Self {
        Self { status, detail, instance: String::new() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let id = uuid::Uuid::new_v4().to_string();
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "instance": self.instance,
            "request_id": id,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert("x-request-id", id.parse().expect("a UUID is ASCII"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}
