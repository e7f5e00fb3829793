//! Identifiers in paths.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::Problem;

/// The path's only parameter as a `T`. One that cannot be an identifier
/// identifies nothing: it is 404, like one that is unknown.
#[derive(Debug)]
pub struct PathId<T>(pub T);

impl<T: TryFrom<String>, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|path| T::try_from(path.0).ok());
        id.map(Self).ok_or_else(|| Problem::not_found("resource"))
    }
}
