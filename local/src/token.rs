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

/// Public keys of others, as a JWKS document, whose tokens are to be good here too: those
/// of the load tests' users, say.
const TRUSTED_VARIABLE: &str = "TRUSTED_JWKS";
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

    /// The same with the keys that the environment trusts beside it.
    pub fn jwks_with_trusted(&self) -> Result<String> {
        match std::env::var(TRUSTED_VARIABLE) {
            Ok(trusted) if !trusted.is_empty() => self.jwks_with(&trusted),
            _ => Ok(self.jwks()),
        }
    }

    fn jwks_with(&self, others: &str) -> Result<String> {
        let others: JwkSet = serde_json::from_str(others).context(TRUSTED_VARIABLE)?;
        let keys = [vec![self.jwk.clone()], others.keys].concat();
        Ok(serde_json::to_string(&JwkSet { keys })?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusted_keys_stand_beside_ones_own() {
        let (ours, theirs) = (Signer::ephemeral().unwrap(), Signer::ephemeral().unwrap());
        let both: JwkSet = serde_json::from_str(&ours.jwks_with(&theirs.jwks()).unwrap()).unwrap();
        let ids: Vec<_> = both.keys.iter().map(|key| key.common.key_id.as_deref().unwrap()).collect();
        assert_eq!(ids, [ours.key_id(), theirs.key_id()]);
    }

    #[test]
    fn trusted_keys_that_cannot_be_read_are_refused_by_the_variables_name() {
        let error = Signer::ephemeral().unwrap().jwks_with("[]").unwrap_err();
        assert_eq!(error.to_string(), "TRUSTED_JWKS");
    }
}
