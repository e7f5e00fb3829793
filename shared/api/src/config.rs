//! The edge's settings, read and checked once at boot.

use crate::{Cursors, Verifier};

/// Settings of the HTTP edge.
#[derive(Debug)]
pub struct Config {
    /// From `AUTH_JWKS` (the key set itself, RFC 7517, so that a cold start
    /// asks no network), `AUTH_ISSUER` and `AUTH_AUDIENCE`; `STAGE` decides
    /// whether a development key is let in.
    pub verifier: Verifier,
    /// From `CURSOR_KEY`: at least 32 characters.
    pub cursors: Cursors,
}

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
}

impl Config {
    /// Reads the settings from the variables of an environment.
    ///
    /// # Errors
    /// The first setting that is missing or makes no sense.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required =
            |name| variable(name).filter(|text| !text.is_empty()).ok_or(ConfigError::Missing(name));
        let local = required("STAGE")? == "local";
        let jwks = required("AUTH_JWKS")?;
        Ok(Self {
            verifier: Verifier::new(&jwks, &required("AUTH_ISSUER")?, &required("AUTH_AUDIENCE")?, local)?,
            cursors: Cursors::new(&required("CURSOR_KEY")?)?,
        })
    }
}
