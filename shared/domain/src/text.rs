//! Rules that every short text of the shop obeys.

use unicode_normalization::UnicodeNormalization;

/// Trims a text, composes its accents (NFC, Unicode UAX #15: one spelling of
/// each name), and checks its length in characters: also before that, so that the
/// longest text is as long for whoever sends it as a JSON schema says.
///
/// Control characters are refused: they have no meaning in a name, and they
/// let a value forge lines in logs and reports.
pub(crate) fn line(text: &str, max: usize) -> Result<String, String> {
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    within(text, 0, max)?;
    let text: String = text.trim().nfc().collect();
    if text.chars().any(forbidden) {
        return Err("must not hold control characters or line breaks".into());
    }
    within(&text, 1, max)
}

/// Checks a text that may be empty and may run over several lines.
pub(crate) fn paragraph(text: &str, max: usize) -> Result<String, String> {
    let forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(forbidden) {
        return Err("must not hold control characters".into());
    }
    within(text, 0, max).map(|text| text.trim().to_owned())
}

fn within(text: &str, min: usize, max: usize) -> Result<String, String> {
    let length = text.chars().count();
    if (min..=max).contains(&length) {
        Ok(text.to_owned())
    } else {
        Err(format!("must have {min} to {max} characters, has {length}"))
    }
}

/// A newtype over a checked `String`, with the conversions every one needs.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        $(#[$doc])*
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks a text; the error says which rule it breaks.
            pub fn new(text: &str) -> std::result::Result<Self, String> {
                let check: fn(&str) -> std::result::Result<String, String> = $check;
                check(text).map(Self)
            }

            /// The checked text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> std::result::Result<Self, String> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text_type;
