//! Development tokens: what `make token` prints is what the functions accept.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use api::{Caller, Verifier};
use local::testing::Tokens;
use local::token::{AUDIENCE, ISSUER, KEY_ID_PREFIX, Signer};
use serde_json::{Value, json};

fn verify(token: &str, jwks: &str) -> Option<Caller> {
    Verifier::new(jwks, ISSUER, AUDIENCE, true).unwrap().verify(token)
}

#[test]
fn a_token_verifies_by_the_jwks_of_its_clone() {
    let state = tempfile::tempdir().unwrap();
    let signer = Signer::of_clone(state.path()).unwrap();
    let token = signer.mint("alice", "catalog:write", Duration::from_mins(1)).unwrap();
    let again = Signer::of_clone(state.path()).unwrap();
    let verified = verify(&token, &again.jwks()).unwrap();
    assert_eq!(verified.user.as_str(), "alice");
    verified.require("catalog:write").unwrap();
    assert!(again.key_id().starts_with(&format!("{KEY_ID_PREFIX}-")));
}

#[test]
fn the_private_half_is_not_in_the_jwks() {
    let jwks: Value = serde_json::from_str(&Tokens::new().jwks()).unwrap();
    let mut fields: Vec<_> = jwks["keys"][0].as_object().unwrap().keys().collect();
    fields.sort();
    assert_eq!(fields, ["alg", "crv", "kid", "kty", "x"]);
}

#[test]
fn two_clones_do_not_trust_each_other() {
    let (one, other) = (Tokens::new(), Tokens::new());
    let token = one.mint("alice", "");
    assert!(verify(&token, &one.jwks()).is_some());
    assert_eq!(verify(&token, &other.jwks()), None);
}

#[test]
fn a_test_can_spoil_a_claim_or_leave_it_out() {
    let tokens = Tokens::new();
    let expired = tokens.mint_with("alice", "", &json!({"exp": 1}));
    assert_eq!(verify(&expired, &tokens.jwks()), None);
    let nobodys = tokens.mint_with("alice", "", &json!({"sub": null}));
    assert_eq!(verify(&nobodys, &tokens.jwks()), None);
    assert!(verify(&tokens.mint_with("alice", "", &json!({})), &tokens.jwks()).is_some());
}
