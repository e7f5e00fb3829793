//! Request bodies: JSON, checked field by field.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::edge::BODY_LIMIT;
use crate::{Object, Problem, Violations};

/// A JSON object as the body. Malformed JSON is 400; well-formed JSON that is not a `T`
/// (wrong types, unknown fields) is 422 with a pointer to the offender.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::unsupported_media_type("application/json"));
        }
        let body = axum::body::Bytes::from_request(request, state).await.map_err(unreadable)?;
        // Whether it is JSON at all comes first: a body that breaks off is
        // malformed, whatever else is wrong with what came before.
        serde_json::from_slice::<IgnoredAny>(&body).map_err(|error| not_json(&error))?;
        let mut json = serde_json::Deserializer::from_slice(&body);
        let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(refused)?;
        Ok(Self(value))
    }
}

/// Reads a value that was put together from a body, with the same refusals.
///
/// # Errors
/// 422 with a pointer to what does not fit.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map(|Object(value)| value).map_err(refused)
}

/// `application/json`, or a type built on it (RFC 6839 §3.1) such as
/// `application/merge-patch+json`.
fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn unreadable(rejection: axum::extract::rejection::BytesRejection) -> Problem {
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(BODY_LIMIT),
        _ => Problem::malformed("the body cannot be read"),
    }
}

fn refused(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let pointer = pointer(error.path());
    let error = error.into_inner();
    match error.classify() {
        Category::Data => Violations::one(pointer, without_position(&error)),
        Category::Syntax | Category::Eof | Category::Io => not_json(&error),
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::malformed(format!("the body is not JSON: {error}"))
}

/// The path as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segments = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    });
    segments.collect()
}

/// The message without "at line 1 column 2", which a pointer says better.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}
