//! Whose signatures are accepted, by tokens that another library has signed (joserfc; the
//! private keys are gone). What else a token must say, the routes' tests try.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use api::{Caller, Verifier};
use serde_json::{Value, json};

const SIGNED: &str = include_str!("tokens.json");
const RSA_TOO_SHORT: &str = "RS256 of 1024 bits";

/// What a verifier that knows only this key makes of a token.
fn verified(key: &Value, token: &str) -> Option<Caller> {
    let jwks = json!({"keys": [key]}).to_string();
    Verifier::new(&jwks, "https://issuer.example", "storefront", false).unwrap().verify(token)
}

fn signed() -> BTreeMap<String, (Value, String)> {
    let cases: BTreeMap<String, Value> = serde_json::from_str(SIGNED).unwrap();
    let parts = |case: Value| (case["key"].clone(), case["token"].as_str().unwrap().to_owned());
    cases.into_iter().map(|(name, case)| (name, parts(case))).collect()
}

/// The same token with one bit of its signature turned.
fn spoiled(token: &str) -> String {
    let (start, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    format!("{start}.{other}{}", &signature[1..])
}

#[test]
fn each_algorithm_is_verified_and_only_what_was_signed() {
    let mut cases = signed();
    cases.remove(RSA_TOO_SHORT).unwrap();
    assert_eq!(cases.len(), 9);
    for (algorithm, (key, token)) in &cases {
        let caller = verified(key, token);
        assert_eq!(caller.unwrap().user.as_str(), "alice", "{algorithm}");
        assert_eq!(verified(key, &spoiled(token)), None, "{algorithm}");
    }
}

#[test]
fn a_key_verifies_by_its_own_algorithm_only() {
    let cases = signed();
    let (mut key, token) = cases["RS256"].clone();
    key["alg"] = json!("PS256");
    assert_eq!(verified(&key, &token), None);
}

#[test]
fn a_key_verifies_no_other_keys_tokens() {
    let cases = signed();
    let mut key = cases["RS384"].0.clone();
    (key["alg"], key["kid"]) = (json!("RS256"), json!("RS256"));
    assert_eq!(verified(&key, &cases["RS256"].1), None);
}

#[test]
fn an_rsa_key_that_is_too_short_verifies_nothing() {
    let (key, token) = &signed()[RSA_TOO_SHORT];
    assert_eq!(verified(key, token), None);
}
