//! Answers that a caller may keep and ask about again.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A JSON representation with its `ETag`: 304 without a body for a caller who
/// has it already (RFC 9110 §13.1.2).
///
/// Caches may keep it and must ask before they use it: what is fresh here is
/// bounded in seconds, and a cache in between would add its own.
#[derive(Debug)]
pub struct Representation {
    body: Vec<u8>,
    tag: String,
    unchanged: bool,
}

impl Representation {
    /// Represents `value` to a caller who sent `headers`.
    pub fn new(headers: &HeaderMap, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("a representation is plain JSON");
        let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16]);
        let tag = format!("\"{hash}\"");
        let unchanged = is_known(headers, &tag);
        Self { body, tag, unchanged }
    }
}

/// Whether the caller has this tag. Weak comparison, as the header asks for.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

impl IntoResponse for Representation {
    fn into_response(self) -> Response {
        let mut response = if self.unchanged {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Body::from(self.body).into_response();
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, HeaderValue::from_str(&self.tag).expect("a tag is ASCII"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
        response
    }
}
