//! Who made a request: signatures over its bytes as they came.
//!
//! Both schemes put an HMAC-SHA256 (RFC 2104) of a few texts and the body, with
//! full stops between, into headers; how they write it down, their files tell.
//! A header is read strictly: what could be understood in two ways is refused.

mod standard;
mod stripe;

use axum::http::HeaderMap;
use domain::Provider;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

/// How far a sender's clock may be from ours, either way: what the libraries of
/// both schemes allow.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// The most signatures that are looked at. A provider sends one for each secret
/// that holds, so two while they change.
const MOST: usize = 16;

/// Bytes of a signature.
const LENGTH: usize = 32;

/// What a request claims: that one who knows the secret made one of these
/// signatures, at this time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    message_id: Option<String>,
    /// Unix seconds, in the one way to write them.
    sent: i64,
    signatures: Vec<[u8; LENGTH]>,
}

/// A secret that a provider signs with. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// Why a signature is not taken. Nothing of what came is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header is not there.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// A header is there twice.
    #[error("the header {0} must come once")]
    Repeated(&'static str),
    /// A header holds what no provider sends.
    #[error("the header {0} must be ASCII")]
    NotAscii(&'static str),
    /// A header has not the form that it must have.
    #[error("the header {header} must have the form {form}")]
    Malformed {
        /// Which one.
        header: &'static str,
        /// What it looks like.
        form: &'static str,
    },
    /// A header says nothing.
    #[error("the header {0} must not be empty")]
    Empty(&'static str),
    /// The time of the signature cannot be read.
    #[error("the timestamp in {0} must be a decimal number of Unix seconds")]
    NoTime(&'static str),
    /// There is no signature of the kind that is verified here.
    #[error("the header {0} holds no v1 signature")]
    NoSignature(&'static str),
    /// There are more signatures than are looked at.
    #[error("the header {0} holds more than {MOST} signatures")]
    TooMany(&'static str),
    /// It was made too long ago, so it may be a copy.
    #[error("the timestamp is more than 300 seconds old")]
    TooOld,
    /// It was made in the future.
    #[error("the timestamp is more than 300 seconds ahead")]
    TooNew,
    /// It was made with another secret or for another body.
    #[error("no signature matches the body")]
    Unknown,
}

/// Why a secret is none. Nothing of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Stripe's are longer.
    #[error("must have at least {0} characters")]
    Short(usize),
    /// It is no base64.
    #[error("must be base64, after whsec_ or alone")]
    NotBase64,
    /// The specification asks for so many bytes.
    #[error("must be base64 of 24 to 64 bytes")]
    Size,
}

impl Signature {
    /// Reads the headers of a provider's request.
    ///
    /// # Errors
    /// The first thing about them that is amiss.
    pub fn read(provider: Provider, headers: &HeaderMap) -> Result<Self, Refusal> {
        match provider {
            Provider::Stripe => stripe::read(headers),
            Provider::Standard => standard::read(headers),
        }
    }

    /// The identifier that the provider gave the message, if its scheme has one.
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }

    /// Whether it was made at about this time.
    ///
    /// # Errors
    /// [`Refusal::TooOld`] and [`Refusal::TooNew`].
    pub fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        // Seconds that jiff has no date for are beyond the year 9999.
        let sent = Timestamp::from_second(self.sent).map_err(|_far| Refusal::TooNew)?;
        match now.duration_since(sent) {
            age if age > TOLERANCE => Err(Refusal::TooOld),
            age if age < -TOLERANCE => Err(Refusal::TooNew),
            _ => Ok(()),
        }
    }

    /// Whether one of these secrets made one of its signatures for this body. All
    /// are tried, each in constant time, so that it takes as long whichever it is.
    pub fn is_by(&self, keys: &[Key], body: &[u8]) -> bool {
        let mut found = false;
        for key in keys {
            let mac = self.mac(key, body);
            for signature in &self.signatures {
                found |= mac.clone().verify_slice(signature).is_ok();
            }
        }
        found
    }

    /// Over `id.timestamp.body`, or `timestamp.body` where messages have no id.
    fn mac(&self, Key(key): &Key, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = key.clone();
        if let Some(id) = &self.message_id {
            mac.update(id.as_bytes());
            mac.update(b".");
        }
        mac.update(self.sent.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }
}

impl Key {
    /// Reads a secret as its provider shows it.
    ///
    /// # Errors
    /// When it cannot be one of this provider's.
    pub fn read(provider: Provider, secret: &str) -> Result<Self, BadSecret> {
        match provider {
            Provider::Stripe => stripe::key(secret),
            Provider::Standard => standard::key(secret),
        }
    }

    fn new(bytes: &[u8]) -> Self {
        Self(Hmac::new_from_slice(bytes).expect("an HMAC takes a key of any length"))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// The value of a header that must be there once.
fn only<'a>(headers: &'a HeaderMap, header: &'static str) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(header).iter();
    let value = values.next().ok_or(Refusal::Missing(header))?;
    if values.next().is_some() {
        return Err(Refusal::Repeated(header));
    }
    value.to_str().map_err(|_error| Refusal::NotAscii(header))
}

/// Unix seconds, written in the one way that gives the signed text back.
fn seconds(text: &str, header: &'static str) -> Result<i64, Refusal> {
    let seconds = text.parse::<i64>().ok().filter(|seconds| *seconds >= 0 && seconds.to_string() == text);
    seconds.ok_or(Refusal::NoTime(header))
}

/// At least one signature, and not too many. One that has not the form of any
/// counts, and matches nothing.
fn counted(
    signatures: impl Iterator<Item = Option<[u8; LENGTH]>>,
    header: &'static str,
) -> Result<Vec<[u8; LENGTH]>, Refusal> {
    let signatures: Vec<_> = signatures.take(MOST + 1).collect();
    match signatures.len() {
        0 => Err(Refusal::NoSignature(header)),
        1..=MOST => Ok(signatures.into_iter().flatten().collect()),
        _ => Err(Refusal::TooMany(header)),
    }
}
