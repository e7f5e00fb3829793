//! The edge's settings, read and checked once at boot: each function reads
//! those that it needs.

use crate::{Cursors, Keys, Verifier};

type Result<T> = std::result::Result<T, ConfigError>;

/// A setting that is missing or makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It has no default.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// The key set cannot be read.
    #[error("AUTH_JWKS is not a JSON Web Key Set: {0}")]
    Jwks(#[from] serde_json::Error),
    /// A key is of a kind that must not verify tokens here.
    #[error("the key {kid} in AUTH_JWKS cannot be used: {reason}")]
    Key {
        /// Which one.
        kid: String,
        /// Why.
        reason: String,
    },
    /// No token could ever be good.
    #[error("AUTH_JWKS holds no key with an asymmetric signature algorithm")]
    NoKey,
    /// A token could be signed by anyone who has a clone of this project.
    #[error("the key {0} in AUTH_JWKS is a development key: STAGE must be local to use it")]
    DevelopmentKey(String),
    /// A short key can be found by trying.
    #[error("CURSOR_KEY must have at least {0} characters")]
    WeakCursorKey(usize),
    /// A rate limit that nobody can mean.
    #[error(
        "the environment variable {0} must be off, or so many requests in so many seconds, such as 30/60: \
         1 to 1,000,000 in 1 to 86,400"
    )]
    RateLimit(&'static str),
}

impl Keys {
    /// The keys that verify tokens: from `AUTH_JWKS` (the key set itself, RFC
    /// 7517, so that a cold start asks no network), for `AUTH_ISSUER` and
    /// `AUTH_AUDIENCE`; `STAGE` decides whether a development key is let in.
    ///
    /// # Errors
    /// The first setting that is missing or makes no sense.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let required = |name| required(variable, name);
        let (local, jwks) = (required("STAGE")? == "local", required("AUTH_JWKS")?);
        Verifier::new(&jwks, &required("AUTH_ISSUER")?, &required("AUTH_AUDIENCE")?, local).map(Self::new)
    }
}

impl Cursors {
    /// Cursors under `CURSOR_KEY`, of at least 32 characters.
    ///
    /// # Errors
    /// When it is missing or too short.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        Self::new(&required(variable, "CURSOR_KEY")?)
    }
}

fn required(variable: &impl Fn(&str) -> Option<String>, name: &'static str) -> Result<String> {
    variable(name).filter(|text| !text.is_empty()).ok_or(ConfigError::Missing(name))
}
