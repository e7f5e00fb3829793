//! Events of payment providers: which one is which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::text_type;

/// Who sends events, by the scheme under which they are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Stripe (its documentation: "Verify webhook signatures manually").
    Stripe,
    /// Whoever signs by the Standard Webhooks specification.
    Standard,
}

impl Provider {
    /// Its name in paths and keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Standard => "standard",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Provider {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        let known = [Self::Stripe, Self::Standard].into_iter().find(|provider| provider.as_str() == name);
        known.ok_or_else(|| "must be stripe or standard".to_owned())
    }
}

/// The longest identifier that is kept as it is, in characters.
const MAX: usize = 128;
/// How an identifier begins that stands for something longer or stranger.
const DIGEST: &str = "sha256:";

text_type! {
    /// Names an event among those of its provider: the provider's own identifier,
    /// 1 to 128 of `A`-`Z`, `a`-`z`, `0`-`9`, `_`, `-` and `.`; or `sha256:` and
    /// 64 hexadecimal digits for what has none of that form.
    EventId, |text| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let hex = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
        let good = match text.strip_prefix(DIGEST) {
            Some(digest) => digest.len() == 64 && digest.bytes().all(hex),
            None => (1..=MAX).contains(&text.len()) && text.bytes().all(plain),
        };
        if !good {
            return Err(format!("must be 1 to {MAX} letters, digits, '_', '-' and '.', or a SHA-256"));
        }
        Ok(text.to_owned())
    }
}

impl EventId {
    /// Stands for what has this SHA-256.
    pub fn from_sha256(digest: &[u8; 32]) -> Self {
        use fmt::Write;
        let mut text = DIGEST.to_owned();
        for byte in digest {
            write!(text, "{byte:02x}").expect("a String takes whatever is written");
        }
        Self(text)
    }
}

/// Names one event of all. Written `stripe/evt_1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    /// Who sent it.
    pub provider: Provider,
    /// Which one of theirs.
    pub id: EventId,
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.id)
    }
}

impl FromStr for EventKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (provider, id) = text.split_once('/').ok_or("must be a provider, a slash and an event's id")?;
        Ok(Self { provider: provider.parse()?, id: EventId::new(id)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain_or_a_digest() {
        let digest = EventId::from_sha256(&[0xAB; 32]);
        assert_eq!(digest.as_str(), format!("sha256:{}", "ab".repeat(32)));
        for good in ["evt_1NG8Du2eZvKYlo2CUI79vXWy", "msg_p5jXN8AQM9LWM0D4loKWxJek", "a.b", digest.as_str()] {
            assert_eq!(EventId::new(good).expect("an id").as_str(), good);
        }
        for bad in
            ["", "a/b", "a#b", "a b", "é", "sha256:ab", &"x".repeat(MAX + 1), &digest.as_str().to_uppercase()]
        {
            assert!(EventId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_event_is_named_by_provider_and_id() {
        let key: EventKey = "stripe/evt_1".parse().expect("a key");
        assert_eq!((key.provider, key.id.as_str()), (Provider::Stripe, "evt_1"));
        assert_eq!(key.to_string(), "stripe/evt_1");
        for bad in ["evt_1", "paypal/evt_1", "stripe/", "stripe/a/b", "Stripe/evt_1"] {
            assert!(bad.parse::<EventKey>().is_err(), "{bad:?}");
        }
    }
}
