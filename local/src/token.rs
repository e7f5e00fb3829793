//! Bearer tokens for development, signed by a key that this clone made for
//! itself. A deployed function refuses the key by its id.

use anyhow::{Context, Result};
use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, ThumbprintHash},
};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

use crate::secret::Secret;

/// `iss` of every development token.
pub const ISSUER: &str = "http://localhost:3000";
/// `aud` of every development token.
pub const AUDIENCE: &str = "storefront-local";
/// How a development key's id starts; a function outside of stage `local`
/// refuses to boot with such a key.
pub const KEY_ID_PREFIX: &str = "development";

const KEY_FILE: &str = "development.key";
/// Enough of the thumbprint to tell two clones apart.
const THUMBPRINT_CHARACTERS: usize = 8;
/// RFC 8410 §7: a PKCS#8 private key of Ed25519 is this and then its 32 bytes.
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Signs development tokens.
#[derive(Debug)]
pub struct Signer {
    key: EncodingKey,
    jwk: Jwk,
    key_id: String,
}

impl Signer {
    /// The key of this clone, made at its first use.
    pub fn of_clone(state: &Path) -> Result<Self> {
        Self::from_secret(&Secret::kept(&state.join(KEY_FILE))?)
    }

    /// A new key that nobody keeps.
    pub fn ephemeral() -> Result<Self> {
        Self::from_secret(&Secret::random()?)
    }

    /// Its public half as a JWKS document, as `AUTH_JWKS` takes it.
    pub fn jwks(&self) -> String {
        let keys = vec![self.jwk.clone()];
        serde_json::to_string(&JwkSet { keys }).expect("a key set is plain data")
    }

    /// The id under which the JWKS lists the key.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// A token of `user` with these space-separated scopes, good for `ttl`
    /// from now.
    pub fn mint(&self, user: &str, scopes: &str, ttl: Duration) -> Result<String> {
        self.sign(&claims(user, scopes, ttl)?)
    }

    /// A token with exactly these claims.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.key_id.clone());
        encode(&header, claims, &self.key).context("signing a token")
    }

    fn from_secret(secret: &Secret) -> Result<Self> {
        let der = [PKCS8_PREFIX.as_slice(), secret.bytes()].concat();
        let key = EncodingKey::from_ed_der(&der);
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256)?;
        let key_id = format!("{KEY_ID_PREFIX}-{}", &thumbprint[..THUMBPRINT_CHARACTERS]);
        jwk.common.key_id = Some(key_id.clone());
        Ok(Self { key, jwk, key_id })
    }
}

/// The claims of a development token, good for `ttl` from now.
pub fn claims(user: &str, scopes: &str, ttl: Duration) -> Result<Value> {
    let now = Timestamp::now();
    Ok(json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user,
        "scope": scopes,
        "iat": now.as_second(),
        "exp": now.checked_add(ttl)?.as_second(),
    }))
}
