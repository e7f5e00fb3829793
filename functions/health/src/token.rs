//! Who may see more than that the process lives.
//!
//! Without a token anyone may. With one it comes as a bearer token, or as the
//! password of Basic authentication, which a browser asks for by itself; never in
//! the query, which is logged along the way.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::App;

/// One challenge alone, because the gateway puts several into one line, which
/// browsers do not take apart.
const CHALLENGE: HeaderValue =
    HeaderValue::from_static("Basic realm=\"Storefront health\", charset=\"UTF-8\"");

/// The token's hash, if there is one: all hashes are of one length, so that not
/// even the token's shows in the time that a comparison takes.
#[derive(Clone)]
pub(crate) struct Token(Option<[u8; 32]>);

impl Token {
    /// `HEALTH_TOKEN`; empty for none.
    pub(crate) fn read(variable: &impl Fn(&str) -> Option<String>) -> Self {
        let token = variable("HEALTH_TOKEN").filter(|token| !token.is_empty());
        Self(token.map(|token| hash(token.as_bytes())))
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.0 else { return true };
        presented(headers).is_some_and(|presented| bool::from(hash(&presented).ct_eq(token)))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The token that a request carries. The scheme's case does not count.
fn presented(headers: &HeaderMap) -> Option<Vec<u8>> {
    let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().into());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let user_and_password = BASE64_STANDARD.decode(credentials.trim()).ok()?;
    let colon = user_and_password.iter().position(|byte| *byte == b':')?;
    Some(user_and_password[colon + 1..].into())
}

/// Proof that the caller of a request may see it.
pub(crate) struct Admitted;

impl FromRequestParts<App> for Admitted {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        if app.token.admits(&parts.headers) { Ok(Self) } else { Err(refusal()) }
    }
}

fn refusal() -> Response {
    let detail = "the health token is required, as a bearer token or as a password";
    let mut response = api::Problem::unauthenticated(detail).into_response();
    response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
    response
}
