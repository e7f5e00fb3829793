//! Who calls: bearer tokens (RFC 6750), verified here on every call.
//!
//! No gateway authorizer stands before the functions, because its errors would
//! not be ours. The keys come from configuration: no network at cold start.

mod signature;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::UserId;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::{ConfigError, Keys, Problem};

/// Clocks of issuer and function may differ by so many seconds.
const LEEWAY: u64 = 5;

/// How the key ids of development keys begin.
const DEVELOPMENT: &str = "development";

/// The caller of a request, by a verified token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's subject: the user.
    pub user: UserId,
    scopes: Vec<String>,
}

impl Caller {
    /// Lets on a caller who has this right.
    ///
    /// # Errors
    /// 403 for one who has not.
    pub fn require(&self, scope: &str) -> Result<(), Problem> {
        if self.scopes.iter().any(|held| held == scope) { Ok(()) } else { Err(Problem::forbidden(scope)) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Keys: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Keys::from_ref(state).identify(parts)
    }
}

/// What became of a request's token: it is verified once, whoever asks. Nothing that
/// comes over the wire becomes an extension of this type, which only this file has.
#[derive(Clone)]
struct Identified(Result<Caller, Problem>);

impl Keys {
    /// The caller of a request.
    ///
    /// # Errors
    /// 401 without a token, or with a bad one.
    pub(crate) fn identify(&self, parts: &mut Parts) -> Result<Caller, Problem> {
        if let Some(Identified(known)) = parts.extensions.get() {
            return known.clone();
        }
        let caller = self.verify(&parts.headers);
        parts.extensions.insert(Identified(caller.clone()));
        caller
    }

    fn verify(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            header.and_then(bearer).ok_or_else(|| Problem::unauthenticated("a bearer token is required"))?;
        self.verifier().verify(token).ok_or_else(|| Problem::unauthenticated("the token is not valid"))
    }
}

/// The token of an `Authorization` header. The scheme's case does not count.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Verifies tokens against a fixed set of keys.
pub struct Verifier {
    keys: Vec<Key>,
    issuer: String,
    audience: String,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    public: DecodingKey,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    scope: String,
    aud: Option<Audience>,
    client_id: Option<String>,
    token_use: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Verifier {
    /// A verifier with the keys of a JSON Web Key Set (RFC 7517). Development
    /// keys pass only where `local` says that this is a developer's machine.
    ///
    /// # Errors
    /// When the set cannot be read, or holds a key that must not verify here.
    pub fn new(jwks: &str, issuer: &str, audience: &str, local: bool) -> Result<Self, ConfigError> {
        signature::use_ring();
        let set: JwkSet = serde_json::from_str(jwks)?;
        let signing = set.keys.iter().filter(|jwk| signs(jwk));
        let keys = signing.map(|jwk| Key::new(jwk, local)).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(ConfigError::NoKey);
        }
        Ok(Self { keys, issuer: issuer.to_owned(), audience: audience.to_owned() })
    }

    /// The caller whom a token speaks for, if it is good: signed by a key of
    /// ours with that key's own algorithm, for us, by our issuer, and in time.
    pub fn verify(&self, token: &str) -> Option<Caller> {
        let header = decode_header(token).ok()?;
        let key = self.key(header.kid.as_deref())?;
        let claims = decode::<Claims>(token, &key.public, &self.validation(key.algorithm)).ok()?.claims;
        let user = UserId::new(&claims.sub).ok()?;
        let scopes = claims.scope.split_ascii_whitespace().map(str::to_owned).collect();
        self.is_meant(&claims).then_some(Caller { user, scopes })
    }

    /// The key that a token names. One that names none is checked by the only
    /// key, if there is only one.
    fn key(&self, id: Option<&str>) -> Option<&Key> {
        match (id, self.keys.as_slice()) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_deref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.validate_aud = false; // by `is_meant`, which knows Cognito's way too
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation
    }

    /// Whether the token is an access token for this audience. Cognito's
    /// access tokens have no `aud` and name the client instead (AWS: "Using
    /// the access token"), and its id tokens are for another purpose.
    fn is_meant(&self, claims: &Claims) -> bool {
        let access = claims.token_use.as_deref().is_none_or(|purpose| purpose == "access");
        let audience = match &claims.aud {
            Some(Audience::One(audience)) => *audience == self.audience,
            Some(Audience::Many(audiences)) => audiences.contains(&self.audience),
            None => claims.client_id.as_ref() == Some(&self.audience),
        };
        access && audience
    }
}

impl Key {
    fn new(jwk: &Jwk, local: bool) -> Result<Self, ConfigError> {
        let id = jwk.common.key_id.clone();
        if !local && id.as_deref().is_some_and(|id| id.starts_with(DEVELOPMENT)) {
            return Err(ConfigError::DevelopmentKey(id.unwrap_or_default()));
        }
        let refuse = |reason: String| ConfigError::Key { kid: id.clone().unwrap_or_default(), reason };
        let algorithm = algorithm(jwk).ok_or_else(|| refuse("it signs nothing".into()))?;
        let public = DecodingKey::from_jwk(jwk).map_err(|error| refuse(error.to_string()))?;
        Ok(Self { id, algorithm, public })
    }
}

/// Whether a key is one that tokens are signed with. A set may hold others,
/// for encryption or of kinds yet to come; they verify nothing here.
fn signs(jwk: &Jwk) -> bool {
    let purpose = jwk.common.public_key_use.as_ref();
    purpose.is_none_or(|purpose| *purpose == PublicKeyUse::Signature) && algorithm(jwk).is_some()
}

/// The one algorithm that a key verifies: the key's own or its kind's, never
/// the token's choice, and never a symmetric one, for which our public
/// configuration would be the secret.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => rsa_algorithm(jwk.common.key_algorithm),
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => Some(Algorithm::ES256),
            EllipticCurve::P384 => Some(Algorithm::ES384),
            _ => None,
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            Some(Algorithm::EdDSA)
        }
        _ => None,
    }
}

/// RSA keys serve several algorithms; RS256 where the key does not say.
fn rsa_algorithm(named: Option<KeyAlgorithm>) -> Option<Algorithm> {
    match named {
        None | Some(KeyAlgorithm::RS256) => Some(Algorithm::RS256),
        Some(KeyAlgorithm::RS384) => Some(Algorithm::RS384),
        Some(KeyAlgorithm::RS512) => Some(Algorithm::RS512),
        Some(KeyAlgorithm::PS256) => Some(Algorithm::PS256),
        Some(KeyAlgorithm::PS384) => Some(Algorithm::PS384),
        Some(KeyAlgorithm::PS512) => Some(Algorithm::PS512),
        Some(_) => None,
    }
}
