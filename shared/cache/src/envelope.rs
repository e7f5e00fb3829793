//! What an entry in L2 looks like.
//!
//! Two bytes say whose it is and how to read on; 16 bytes are its fence, at the
//! same place in every layout, because a script compares them. That is all until
//! a value is stored; then a postcard header follows, and the value, compressed
//! if that pays. Whatever does not parse is a miss, so two releases can share one
//! cache in either direction.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::policy::{Policy, millis};
use crate::token::{Token, Tokens};

/// First byte of every entry.
const MAGIC: u8 = 0xca;
/// Second byte: the layout of what follows.
const LAYOUT: u8 = 3;
/// Where the fence is: bytes 2 to 17.
pub(crate) const FENCE: std::ops::Range<usize> = 2..18;
/// Clocks of two machines may differ by this much; what lies further in the
/// future was written before a clock stepped back and has no known age.
const SKEW_MS: u64 = 5_000;
/// Bytes from which a value is compressed: below, the round trip is not shorter.
const COMPRESS_FROM: usize = 1024;
/// The longest value that is unpacked, so that random bytes cannot ask for more.
const LONGEST: u32 = 64 * 1024 * 1024;

/// All of an entry but its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// Its fence, and the tags' tokens that stood before its load.
    pub(crate) tokens: Tokens,
    header: Header,
}

/// What stands between fence and value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    /// The version of the value's format.
    version: u16,
    tags: Vec<Token>,
    /// Wall clock in milliseconds, from before the load.
    stored_at_ms: u64,
    /// Milliseconds that it is fresh.
    fresh_ms: u64,
    body: Body,
}

/// When a value was loaded, and how long it is fresh.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Wall clock in milliseconds, from before the load.
    pub(crate) stored_at_ms: u64,
    /// Milliseconds.
    pub(crate) fresh_ms: u64,
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
    /// An entry without a value: its fence.
    pub(crate) fn fence(fence: Token) -> Vec<u8> {
        let mut sealed = vec![MAGIC, LAYOUT];
        sealed.extend_from_slice(fence.as_bytes());
        sealed
    }

    /// An entry of this version, loaded at this time and fresh for so long.
    pub(crate) fn seal(tokens: &Tokens, version: u16, times: Times, value: Option<&[u8]>) -> Vec<u8> {
        let (body, bytes) = pack(value);
        let Times { stored_at_ms, fresh_ms } = times;
        let header = Header { version, tags: tokens.tags.clone(), stored_at_ms, fresh_ms, body };
        let sealed = postcard::to_extend(&header, Self::fence(tokens.fence));
        let mut sealed = sealed.expect("plain data, into memory");
        sealed.extend_from_slice(&bytes);
        sealed
    }

    /// The envelope and what is in it; none if there is none, or it is not ours to
    /// read.
    pub(crate) fn open(sealed: &[u8], version: u16) -> Option<(Self, &[u8])> {
        let [MAGIC, LAYOUT, ..] = sealed else {
            return None;
        };
        let fence = fence_of(sealed)?;
        let (header, value) = postcard::take_from_bytes::<Header>(&sealed[FENCE.end..]).ok()?;
        let tokens = Tokens { fence, tags: header.tags.clone() };
        (header.version == version).then_some((Self { tokens, header }, value))
    }

    pub(crate) fn is_absent(&self) -> bool {
        self.header.body == Body::Absent
    }

    /// The value's own bytes, from those behind the header; none if they are damaged.
    pub(crate) fn unpack<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match self.header.body {
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
        if self.header.stored_at_ms > now_ms.saturating_add(SKEW_MS) {
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
        self.header.stored_at_ms.saturating_add(self.header.fresh_ms)
    }
}

/// The fence of an entry, also of one that cannot be read; none if it is no entry.
pub(crate) fn fence_of(sealed: &[u8]) -> Option<Token> {
    Token::from_l2(sealed.get(FENCE)?).filter(|_| sealed[0] == MAGIC)
}

/// Whether an entry is nothing but its fence.
pub(crate) fn is_fence(sealed: &[u8]) -> bool {
    sealed.len() == FENCE.end && sealed[0] == MAGIC
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
    const VERSION: u16 = 7;

    fn tokens() -> Tokens {
        let mut row = std::iter::repeat_with(|| Some(Token::new()));
        Tokens::next(&mut row, 2).expect("none is missing")
    }

    fn sealed(value: Option<&[u8]>) -> Vec<u8> {
        let times = Times { stored_at_ms: AT_MS, fresh_ms: FRESH_MS };
        Envelope::seal(&tokens(), VERSION, times, value)
    }

    fn envelope(value: Option<&[u8]>) -> Envelope {
        Envelope::open(&sealed(value), VERSION).expect("just sealed").0
    }

    fn unsealed(sealed: &[u8]) -> Option<Vec<u8>> {
        let (envelope, bytes) = Envelope::open(sealed, VERSION)?;
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
            assert_eq!(Envelope::open(bytes, VERSION), None);
        }
        assert!(fence_of(&newer).is_some(), "its place is the same in every layout");
    }

    #[test]
    fn a_value_of_another_version_does_not_open_and_its_fence_is_known() {
        let bytes = sealed(Some(b"value"));
        assert_eq!(Envelope::open(&bytes, VERSION + 1), None);
        assert!(fence_of(&bytes).is_some() && !is_fence(&bytes));
    }

    #[test]
    fn a_fence_alone_is_known_as_such() {
        let fence = Token::new();
        let bytes = Envelope::fence(fence);
        assert_eq!((fence_of(&bytes), is_fence(&bytes)), (Some(fence), true));
        assert_eq!(Envelope::open(&bytes, VERSION), None);
    }

    #[test]
    fn a_length_beyond_reason_is_refused_before_it_is_allocated() {
        let mut envelope = envelope(None);
        envelope.header.body = Body::Lz4 { length: u32::MAX };
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
