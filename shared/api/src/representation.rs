//! Answers that a caller may keep and ask about again.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

use crate::contract::header;

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

/// What a caller has already, from `If-None-Match` (RFC 9110 §13.1.2).
#[derive(Clone, Debug)]
pub struct IfNoneMatch(Vec<HeaderValue>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect()))
    }
}

impl IfNoneMatch {
    /// Whether this tag is among them. Weak comparison, as the header asks for.
    fn holds(&self, tag: &str) -> bool {
        let values = self.0.iter().filter_map(|value| value.to_str().ok());
        let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
        tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let means = "The tags that the caller has, with commas between: 304 if one still holds.";
        header("If-None-Match", Required::False, means, ObjectBuilder::new().schema_type(Type::String))
    }
}

impl Representation {
    /// Represents `value` to a caller who has these.
    pub fn new(known: &IfNoneMatch, value: &impl Serialize) -> Self {
        Self::written(known, serde_json::to_vec(value).expect("a representation is plain JSON"))
    }

    /// Represents what is JSON already.
    pub fn written(known: &IfNoneMatch, json: impl Into<Vec<u8>>) -> Self {
        let body = json.into();
        let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16]);
        let tag = format!("\"{hash}\"");
        let unchanged = known.holds(&tag);
        Self { body, tag, unchanged }
    }
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
