//! What surrounds a value in L2.
//!
//! Two bytes say whose it is and how to read on; then a postcard header; then
//! the value. Whatever does not parse is a miss, so two releases can share one
//! cache in either direction.

use serde::{Deserialize, Serialize};

use crate::token::Tokens;

/// First byte of every entry.
const MAGIC: u8 = 0xca;
/// Second byte: the layout of what follows.
const LAYOUT: u8 = 1;
/// Clocks of two machines may differ by this much; what lies further in the
/// future was written before a clock stepped back and has no known age.
const SKEW_MS: u64 = 5_000;

/// The header of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// What stood when its load began.
    pub(crate) tokens: Tokens,
    /// Wall clock in milliseconds, from before the load.
    pub(crate) stored_at_ms: u64,
    /// Milliseconds that it may be served.
    pub(crate) fresh_ms: u64,
}

impl Envelope {
    /// Header and value in one buffer; none if postcard refuses.
    pub(crate) fn seal(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = postcard::to_extend(self, vec![MAGIC, LAYOUT]).ok()?;
        sealed.extend_from_slice(value);
        Some(sealed)
    }

    /// The header and the value behind it; none if it is not ours to read.
    pub(crate) fn open(sealed: &[u8]) -> Option<(Self, &[u8])> {
        let [MAGIC, LAYOUT, rest @ ..] = sealed else {
            return None;
        };
        postcard::take_from_bytes(rest).ok()
    }

    /// Whether no invalidation has reached it and its age allows it.
    pub(crate) fn may_be_served(&self, standing: Option<&Tokens>, now_ms: u64) -> bool {
        standing == Some(&self.tokens) && self.is_fresh(now_ms)
    }

    fn is_fresh(&self, now_ms: u64) -> bool {
        let known_age = self.stored_at_ms <= now_ms.saturating_add(SKEW_MS);
        known_age && now_ms < self.fresh_until_ms()
    }

    /// Wall clock in milliseconds.
    pub(crate) fn fresh_until_ms(&self) -> u64 {
        self.stored_at_ms.saturating_add(self.fresh_ms)
    }
}

/// A value of exactly these bytes; none if they are of another type or format.
pub(crate) fn decode<V: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<V> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::Token;

    fn envelope() -> Envelope {
        let mut row = std::iter::repeat_with(|| Some(Token::new()));
        let tokens = Tokens::next(&mut row, 2).expect("none is missing");
        Envelope { tokens, stored_at_ms: 1_000_000, fresh_ms: 60_000 }
    }

    #[test]
    fn what_is_sealed_opens() {
        let sealed = envelope_and_bytes();
        assert_eq!(Envelope::open(&sealed.1), Some((sealed.0, &b"value"[..])));
    }

    fn envelope_and_bytes() -> (Envelope, Vec<u8>) {
        let envelope = envelope();
        let sealed = envelope.seal(b"value").expect("plain data");
        (envelope, sealed)
    }

    #[test]
    fn foreign_truncated_and_newer_entries_do_not_open() {
        let (_, sealed) = envelope_and_bytes();
        let mut newer = sealed.clone();
        newer[1] = LAYOUT + 1;
        for bytes in [&b""[..], b"hello", &sealed[..10], &newer] {
            assert_eq!(Envelope::open(bytes), None);
        }
    }

    #[test]
    fn age_is_known_only_near_or_after_its_writing() {
        let envelope = envelope();
        assert!(envelope.is_fresh(1_059_999));
        assert!(!envelope.is_fresh(1_060_000));
        assert!(envelope.is_fresh(1_000_000 - SKEW_MS));
        assert!(!envelope.is_fresh(1_000_000 - SKEW_MS - 1));
    }

    #[test]
    fn a_value_with_bytes_left_over_is_of_another_type() {
        let bytes = postcard::to_stdvec(&(1_u32, 2_u32)).expect("plain data");
        assert_eq!(decode::<(u32, u32)>(&bytes), Some((1, 2)));
        assert_eq!(decode::<u32>(&bytes), None);
    }
}
