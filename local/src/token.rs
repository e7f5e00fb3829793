//! Bearer tokens for development, signed by a key that this clone made for
//! itself. A deployed function refuses the key by its id.

use anyhow::{Context, Result, anyhow};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
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

/// Signs development tokens.
#[derive(Debug)]
pub struct Signer {
    key: Ed25519KeyPair,
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
        Ok(self.sign(&claims(user, scopes, ttl)?))
    }

    /// A token with exactly these claims, signed as RFC 7515 §5.1 and RFC 8037 say.
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "EdDSA", "kid": self.key_id});
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = encoded(self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    fn from_secret(secret: &Secret) -> Result<Self> {
        let key = Ed25519KeyPair::from_seed_unchecked(secret.bytes());
        let key = key.map_err(|refused| anyhow!("the key of the tokens: {refused}"))?;
        let public = encoded(key.public_key());
        let key_id = format!("{KEY_ID_PREFIX}-{}", &thumbprint(&public)[..THUMBPRINT_CHARACTERS]);
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": key_id, "x": public});
        Ok(Self { key, jwk: serde_json::from_value(jwk)?, key_id })
    }
}

/// RFC 7638 of an Ed25519 key.
fn thumbprint(public: &str) -> String {
    encoded(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}"#)))
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
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
