//! What surrounds a value in L2.
//!
//! Two bytes say whose it is and how to read on; then a postcard header; then
//! the value, compressed if that pays. Whatever does not parse is a miss, so
//! two releases can share one cache in either direction.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::policy::{Policy, millis};
use crate::token::Tokens;

/// First byte of every entry.
const MAGIC: u8 = 0xca;
/// Second byte: the layout of what follows.
const LAYOUT: u8 = 2;
/// Clocks of two machines may differ by this much; what lies further in the
/// future was written before a clock stepped back and has no known age.
const SKEW_MS: u64 = 5_000;
/// Bytes from which a value is compressed: below, the round trip is not shorter.
const COMPRESS_FROM: usize = 1024;
/// The longest value that is unpacked, so that random bytes cannot ask for more.
const LONGEST: u32 = 64 * 1024 * 1024;

/// The header of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// What stood when its load began, its fence as its writing replaced it.
    pub(crate) tokens: Tokens,
    /// Wall clock in milliseconds, from before the load.
    pub(crate) stored_at_ms: u64,
    /// Milliseconds that it is fresh.
    pub(crate) fresh_ms: u64,
    body: Body,
}

/// What follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Body {
    /// Nothing: the loader found nothing.
    Absent,
    /// The value.
    Plain,
    /// The value in LZ4's block format, and its length before.
    Lz4 { length: u32 },
}

/// What an entry's age allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// To serve it.
    Fresh,
    /// To serve it, and to load it anew after the response.
    Revalidate,
    /// To serve it if the loader fails or is slow.
    IfError,
    /// Nothing.
    Dead,
}

impl Envelope {
    /// Header and value in one buffer.
    pub(crate) fn seal(tokens: Tokens, at_ms: u64, fresh_ms: u64, value: Option<&[u8]>) -> Vec<u8> {
        let (body, bytes) = pack(value);
        let envelope = Self { tokens, stored_at_ms: at_ms, fresh_ms, body };
        let header = postcard::to_extend(&envelope, vec![MAGIC, LAYOUT]);
        let mut sealed = header.expect("plain data, into memory");
        sealed.extend_from_slice(&bytes);
        sealed
    }

    /// The header and what is behind it; none if it is not ours to read.
    pub(crate) fn open(sealed: &[u8]) -> Option<(Self, &[u8])> {
        let [MAGIC, LAYOUT, rest @ ..] = sealed else {
            return None;
        };
        postcard::take_from_bytes(rest).ok()
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.body == Body::Absent
    }

    /// The value's own bytes, from those behind the header; none if they are damaged.
    pub(crate) fn unpack<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match self.body {
            Body::Absent => None,
            Body::Plain => Some(Cow::Borrowed(bytes)),
            Body::Lz4 { length } if length > LONGEST => None,
            Body::Lz4 { length } => {
                let value = lz4_flex::block::decompress(bytes, usize::try_from(length).ok()?).ok()?;
                (value.len() == length as usize).then_some(Cow::Owned(value))
            }
        }
    }

    /// What its age allows its reader, by the reader's policy.
    pub(crate) fn age(&self, policy: &Policy, now_ms: u64) -> Age {
        if self.stored_at_ms > now_ms.saturating_add(SKEW_MS) {
            return Age::Dead;
        }
        let stale_ms = now_ms.saturating_sub(self.fresh_until_ms());
        match () {
            () if now_ms < self.fresh_until_ms() => Age::Fresh,
            () if self.is_absent() => Age::Dead,
            () if stale_ms < millis(policy.stale_while_revalidate) => Age::Revalidate,
            () if stale_ms < millis(policy.stale_if_error) => Age::IfError,
            () => Age::Dead,
        }
    }

    /// Wall clock in milliseconds.
    pub(crate) fn fresh_until_ms(&self) -> u64 {
        self.stored_at_ms.saturating_add(self.fresh_ms)
    }
}

fn pack(value: Option<&[u8]>) -> (Body, Cow<'_, [u8]>) {
    let Some(value) = value else { return (Body::Absent, Cow::Borrowed(&[])) };
    let length = u32::try_from(value.len()).ok().filter(|&length| length <= LONGEST);
    if let Some(length) = length.filter(|_| value.len() >= COMPRESS_FROM) {
        let packed = lz4_flex::block::compress(value);
        if packed.len() < value.len() {
            return (Body::Lz4 { length }, Cow::Owned(packed));
        }
    }
    (Body::Plain, Cow::Borrowed(value))
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
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::token::Token;

    const AT_MS: u64 = 1_000_000;
    const FRESH_MS: u64 = 60_000;

    fn tokens() -> Tokens {
        let mut row = std::iter::repeat_with(|| Some(Token::new()));
        Tokens::next(&mut row, 2).expect("none is missing")
    }

    fn sealed(value: Option<&[u8]>) -> Vec<u8> {
        Envelope::seal(tokens(), AT_MS, FRESH_MS, value)
    }

    fn envelope(value: Option<&[u8]>) -> Envelope {
        Envelope::open(&sealed(value)).expect("just sealed").0
    }

    fn unsealed(sealed: &[u8]) -> Option<Vec<u8>> {
        let (envelope, bytes) = Envelope::open(sealed)?;
        Some(envelope.unpack(bytes)?.into_owned())
    }

    #[test]
    fn an_absent_value_is_known_as_such() {
        assert!(envelope(None).is_absent());
        assert_eq!(unsealed(&sealed(None)), None);
        assert!(!envelope(Some(b"")).is_absent());
    }

    #[test]
    fn a_long_value_travels_compressed() {
        let long = b"storefront ".repeat(1_000);
        let bytes = sealed(Some(&long));
        assert!(bytes.len() < long.len() / 5, "{} bytes", bytes.len());
        assert_eq!(unsealed(&bytes), Some(long));
    }

    #[test]
    fn an_entry_of_another_layout_does_not_open() {
        let mut newer = sealed(Some(b"value"));
        newer[1] = LAYOUT + 1;
        for bytes in [&b""[..], b"hello", &newer] {
            assert_eq!(Envelope::open(bytes), None);
        }
    }

    #[test]
    fn a_length_beyond_reason_is_refused_before_it_is_allocated() {
        let envelope = Envelope { body: Body::Lz4 { length: u32::MAX }, ..envelope(None) };
        assert_eq!(envelope.unpack(&[0; 16]), None);
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(value in proptest::collection::vec(any::<u8>(), 0..5_000)) {
            prop_assert_eq!(unsealed(&sealed(Some(&value))), Some(value));
        }

        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut ours = vec![MAGIC, LAYOUT];
            ours.extend_from_slice(&bytes);
            for bytes in [bytes, ours] {
                drop(unsealed(&bytes).map(|value| decode::<(String, Vec<u64>)>(&value)));
            }
        }

        /// A header cut short does not open; a plain value cut short, which only
        /// its type can tell, is refused by `decode`.
        #[test]
        fn a_truncated_entry_is_no_value(text in ".{1,3000}", cut in any::<prop::sample::Index>()) {
            let whole = sealed(Some(&postcard::to_stdvec(&text).expect("plain data")));
            let cut = cut.index(whole.len());
            let value = unsealed(&whole[..cut]).and_then(|bytes| decode::<String>(&bytes));
            prop_assert_eq!(value, None);
        }
    }

    #[test]
    fn an_entry_grows_old_step_by_step() {
        let policy = Policy {
            stale_while_revalidate: Duration::from_secs(10),
            stale_if_error: Duration::from_secs(20),
            ..Policy::PLAIN
        };
        let envelope = envelope(Some(b"value"));
        let until = AT_MS + FRESH_MS;
        let ages = [
            (until - 1, Age::Fresh),
            (until, Age::Revalidate),
            (until + 9_999, Age::Revalidate),
            (until + 10_000, Age::IfError),
            (until + 19_999, Age::IfError),
            (until + 20_000, Age::Dead),
            (AT_MS - SKEW_MS, Age::Fresh),
            (AT_MS - SKEW_MS - 1, Age::Dead),
        ];
        for (now_ms, age) in ages {
            assert_eq!(envelope.age(&policy, now_ms), age, "at {now_ms}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_served_stale() {
        let policy = Policy { stale_if_error: Duration::from_secs(20), ..Policy::PLAIN };
        assert_eq!(envelope(None).age(&policy, AT_MS + FRESH_MS), Age::Dead);
    }

    #[test]
    fn a_value_with_bytes_left_over_is_of_another_type() {
        let bytes = postcard::to_stdvec(&(1_u32, 2_u32)).expect("plain data");
        assert_eq!(decode::<(u32, u32)>(&bytes), Some((1, 2)));
        assert_eq!(decode::<u32>(&bytes), None);
    }
}
