//! The scheme of the Standard Webhooks specification (standardwebhooks.com):
//! `webhook-signature: v1,BASE64[ v1,BASE64]` over `ID.SECONDS.BODY`, where
//! `webhook-id` and `webhook-timestamp` give the first two, keyed by what is base64
//! after `whsec_`. Versions other than `v1`, such as the asymmetric `v1a`, are
//! ignored.

use axum::http::HeaderMap;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;

use super::{BadSecret, Key, LENGTH, Refusal, Signature, counted, only, seconds};

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const FORM: &str = "v1,BASE64";

/// Libraries take a secret without it too, and without the padding at its end.
const PREFIX: &str = "whsec_";
const SECRET: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn read(headers: &HeaderMap) -> Result<Signature, Refusal> {
    let id = only(headers, ID)?;
    if id.is_empty() {
        return Err(Refusal::Empty(ID));
    }
    let sent = seconds(only(headers, TIMESTAMP)?, TIMESTAMP)?;
    let versions = only(headers, SIGNATURE)?.split_ascii_whitespace();
    let versions: Option<Vec<_>> = versions.map(|version| version.split_once(',')).collect();
    let versions = versions.ok_or(Refusal::Malformed { header: SIGNATURE, form: FORM })?;
    let ours = versions.into_iter().filter(|(version, _)| *version == "v1");
    let signatures = counted(ours.map(|(_, base64)| signature(base64)), SIGNATURE)?;
    Ok(Signature { message_id: Some(id.to_owned()), sent, signatures })
}

/// The specification asks for 24 to 64 random bytes.
pub(super) fn key(secret: &str) -> Result<Key, BadSecret> {
    let base64 = secret.strip_prefix(PREFIX).unwrap_or(secret);
    let bytes = SECRET.decode(base64).map_err(|_error| BadSecret::NotBase64)?;
    match bytes.len() {
        24..=64 => Ok(Key::new(&bytes)),
        _ => Err(BadSecret::Size),
    }
}

fn signature(base64: &str) -> Option<[u8; LENGTH]> {
    BASE64_STANDARD.decode(base64).ok()?.try_into().ok()
}
