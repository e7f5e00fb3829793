//! Headers that make writes safe: `If-Match` and `Idempotency-Key`.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use domain::Version;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};
use utoipa::{IntoParams, PartialSchema};

use crate::Problem;
use crate::contract::header;

/// The version that a change starts from, from `If-Match` (RFC 9110 §13.1.1):
/// one quoted version. Absent is 428; a tag that can be no version is 412.
/// An `Option` of it is for writes that can do without.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(pub Version);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = parts.headers.get(header::IF_MATCH).ok_or_else(Problem::precondition_required)?;
        Self::read(value)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        parts.headers.get(header::IF_MATCH).map(Self::read).transpose()
    }
}

impl IfMatch {
    fn read(value: &HeaderValue) -> Result<Self, Problem> {
        let quoted = value.to_str().ok().and_then(|text| text.trim().strip_prefix('"')?.strip_suffix('"'));
        let tag = quoted.filter(|tag| !tag.contains('"'));
        let tag =
            tag.ok_or_else(|| Problem::malformed("If-Match must be one quoted version, such as \"3\""))?;
        let version = tag.parse().ok().filter(|version: &u64| version.to_string() == tag);
        let version = version.ok_or_else(|| Problem::stale("If-Match is no version of this resource"))?;
        Ok(Self(Version::new(version)))
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Self::parameter(Required::True, "The quoted version that the change starts from.")
    }
}

/// How the document calls an `Option` of [`IfMatch`].
#[derive(Debug)]
pub enum OptionalIfMatch {}

impl IntoParams for OptionalIfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        IfMatch::parameter(Required::False, "The quoted version that must be the current one.")
    }
}

impl IfMatch {
    fn parameter(required: Required, description: &str) -> Vec<Parameter> {
        let tag = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r#"^"(0|[1-9][0-9]{0,18})"$"#));
        header("If-Match", required, description, tag.examples(["\"3\""]))
    }
}

/// The caller's `Idempotency-Key`: absent or over-long is 400.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub domain::IdempotencyKey);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        const NAME: HeaderName = HeaderName::from_static("idempotency-key");
        let value =
            parts.headers.get(NAME).ok_or_else(|| Problem::malformed("Idempotency-Key is required"))?;
        let key = value.to_str().map_err(|error| error.to_string()).and_then(domain::IdempotencyKey::new);
        key.map(Self)
            .map_err(|_| Problem::malformed("Idempotency-Key must be 1 to 255 visible ASCII characters"))
    }
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let means = "Chosen by the caller for each request that is to happen once. Sent again within a \
                     day, it gets the recorded answer.";
        header("Idempotency-Key", Required::True, means, domain::IdempotencyKey::schema())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{Request, StatusCode};
    use axum::response::IntoResponse;

    use super::*;

    async fn if_match(value: Option<&str>) -> Result<Version, StatusCode> {
        let mut request = Request::builder();
        if let Some(value) = value {
            request = request.header("if-match", value);
        }
        let (mut parts, ()) = request.body(()).expect("a request").into_parts();
        let extracted = <IfMatch as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let optional = <IfMatch as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let status = |problem: Problem| problem.into_response().status();
        let (extracted, optional) = (extracted.map_err(status), optional.map_err(status));
        match value {
            Some(_) => assert_eq!(optional.map(|version| version.map(|v| v.0)), extracted.map(|v| Some(v.0))),
            None => assert!(matches!(optional, Ok(None))),
        }
        extracted.map(|version| version.0)
    }

    #[tokio::test]
    async fn if_match_is_one_quoted_version() {
        assert_eq!(if_match(Some("\"3\"")).await, Ok(Version::new(3)));
        assert_eq!(if_match(None).await, Err(StatusCode::PRECONDITION_REQUIRED));
        assert_eq!(if_match(Some("\"abc\"")).await, Err(StatusCode::PRECONDITION_FAILED));
        for bad in ["3", "*", "W/\"3\"", "\"3\", \"4\"", "\""] {
            assert_eq!(if_match(Some(bad)).await, Err(StatusCode::BAD_REQUEST), "{bad}");
        }
    }
}
