//! Takes out of a text what could be somebody's.
//!
//! Texts are our own sentences, and what libraries and DynamoDB say of errors. They
//! quote what they complain of, so what is quoted goes; and so does what looks like
//! a secret, an address or a number of somebody's. This is the second net: the first
//! is that nobody here writes such things into an error.

use std::net::{IpAddr, SocketAddr};

/// Characters that are kept of a text.
const LONGEST: usize = 1_000;
/// A word of so many letters and digits mixed is a key, a token or an id.
const TOKEN: usize = 16;
/// So many digits in a row, or in groups, are a phone, an account or a card.
const NUMBER: usize = 9;
/// What stands for what was taken out.
const GONE: &str = "[…]";

/// How keys and tokens begin, by which their makers want them to be found.
const PREFIXES: [&str; 12] =
    ["AKIA", "ASIA", "eyJ", "sk_", "pk_", "rk_", "whsec_", "ghp_", "gho_", "xoxb-", "xoxp-", "glpat-"];
/// What follows one of these words is a secret.
const ANNOUNCE: [&str; 2] = ["basic", "bearer"];
/// What Rust itself quotes and is nobody's.
const PLAIN: [&str; 4] = ["Err", "None", "Ok", "Some"];

/// The text without what could be somebody's.
pub(super) fn masked(text: &str) -> String {
    let text: String = text.chars().take(LONGEST).collect();
    words(&without_numbers(&without_quotes(&text)))
}

/// Without what stands in quotes, an open one included.
fn without_quotes(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((at, quote)) = opening_quote(rest) {
        let (before, quoted) = rest.split_at(at);
        let quoted = &quoted[quote.len_utf8()..];
        let (inside, after) = closing_quote(quoted, quote)
            .map_or((quoted, ""), |end| (&quoted[..end], &quoted[end + quote.len_utf8()..]));
        kept.push_str(before);
        kept.push(quote);
        kept.push_str(if is_code(quote, inside) { inside } else { GONE });
        kept.push(quote);
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// An apostrophe inside a word is none.
fn opening_quote(text: &str) -> Option<(usize, char)> {
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        if matches!(character, '"' | '`') || character == '\'' && !before.is_alphanumeric() {
            return Some((at, character));
        }
        before = character;
    }
    None
}

/// Where a quoted text ends: not at what is escaped in it.
fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if character == quote && !escaped {
            return Some(at);
        }
        escaped = character == '\\' && !escaped;
    }
    None
}

fn is_code(quote: char, inside: &str) -> bool {
    let is_path =
        |text: &str| text.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, ':' | '_' | '(' | ')'));
    quote == '`' && (PLAIN.contains(&inside) || inside.contains("::") && is_path(inside))
}

/// Without long numbers, also in groups with blanks, dashes or dots between.
fn without_numbers(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars() {
        let goes_on = character.is_ascii_digit() || !run.is_empty() && matches!(character, ' ' | '-' | '.');
        if goes_on {
            run.push(character);
        } else {
            close(&mut kept, &mut run);
            kept.push(character);
        }
    }
    close(&mut kept, &mut run);
    kept
}

fn close(kept: &mut String, run: &mut String) {
    let number = run.trim_end_matches([' ', '-', '.']);
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let after = run[number.len()..].to_owned();
    kept.push_str(if digits >= NUMBER { GONE } else { number });
    kept.push_str(&after);
    run.clear();
}

fn words(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut announced = false;
    for word in
        text.split_inclusive(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '{' | '}'))
    {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let (after, is_announced) = (&word[bare.len()..], announced && !bare.is_empty());
        kept.push_str(&if is_announced { GONE.to_owned() } else { masked_word(bare) });
        kept.push_str(after);
        if !bare.is_empty() {
            announced = ANNOUNCE.iter().any(|name| bare.eq_ignore_ascii_case(name));
        }
    }
    kept
}

/// A name stays before what it stands for: `password=[…]`.
fn masked_word(word: &str) -> String {
    match word.split_once('=') {
        Some((name, _)) if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) => {
            format!("{name}={GONE}")
        }
        _ if word.contains('#') => {
            format!("{}#{GONE}", word.split('#').next().filter(|it| is_kind(it)).unwrap_or(GONE))
        }
        _ if is_somebodys(word) => GONE.to_owned(),
        _ => word.to_owned(),
    }
}

/// How our keys of items begin; what follows may be a user's id.
fn is_kind(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase())
}

fn is_somebodys(word: &str) -> bool {
    word.contains(['@', '=', '?']) || word.contains("://") || is_token(word) || is_address(word)
}

fn is_token(word: &str) -> bool {
    let mut parts = word.split([':', '.', '/']);
    PREFIXES.iter().any(|prefix| word.contains(prefix)) || is_base64(word) || parts.any(is_random)
}

/// Paths are not written like this.
fn is_base64(word: &str) -> bool {
    let has = |of: fn(&char) -> bool| word.chars().any(|c| of(&c));
    let has_all = has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit);
    has_all && word.len() >= TOKEN && !word.contains("::")
}

/// Words have letters only, and numbers digits only.
fn is_random(part: &str) -> bool {
    let letters = part.chars().filter(|c| c.is_alphabetic()).count();
    let digits = part.chars().filter(char::is_ascii_digit).count();
    let has_both = letters > 0 && digits > 0;
    part.chars().count() >= TOKEN && (has_both || part.contains(['+', '/', '%'])) || letters >= 2 * TOKEN
}

fn is_address(word: &str) -> bool {
    word.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() || word.parse::<SocketAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_somebodys_goes() {
        for (text, kept) in [
            ("no user ann@example.com here", "no user […] here"),
            (
                "invalid type: string \"Ann Smith\", expected a map",
                "invalid type: string \"[…]\", expected a map",
            ),
            ("unknown variant `ann`, expected `x`", "unknown variant `[…]`, expected `[…]`"),
            ("Value 'Ann' at 'key' failed", "Value '[…]' at '[…]' failed"),
            ("Value \"never closed", "Value \"[…]\""),
            ("Err(\"a \\\" Ann\") done", "Err(\"[…]\") done"),
            ("card 4111 1111 1111 1111 refused", "card […] refused"),
            ("card 4111-1111-1111-1111.", "card […]."),
            ("Authorization: Bearer abc.def", "Authorization: Bearer […]"),
            ("token eyJhbGciOiJub25lIn0.e30. refused", "token […]. refused"),
            ("key AKIAIOSFODNN7EXAMPLE", "key […]"),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[…]"),
            ("secret sk_live_x and whsec_y", "secret […] and […]"),
            ("password=hunter2 user=ann", "password=[…] user=[…]"),
            ("from 10.0.0.7 and [::1]:80", "from […] and […]"),
            ("from 192.168.100.200:8080", "from […]:8080"),
            ("at https://ann:pw@host/x?token=1", "at […]"),
            ("item USER#ann is gone", "item USER#[…] is gone"),
        ] {
            assert_eq!(masked(text), kept);
        }
    }

    #[test]
    fn what_says_what_went_wrong_stays() {
        for text in [
            "read product failed: dispatch failure: io error: Connection refused (os error 111)",
            "ThrottlingException: Rate exceeded",
            "called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }",
            "the invocation's time was over before the answer came",
            "an item of kind product cannot be read: missing field",
            "attempt 3 of 8 took 512 ms",
            "a panic at shared/store/src/table.rs:120:9",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_masked_and_grows_by_marks_alone(text in ".*") {
            prop_assert!(masked(&text).chars().count() <= 4 * LONGEST);
        }

        #[test]
        fn no_address_of_a_mailbox_stays(name in "[a-z]{1,9}", host in "[a-z]{1,9}", around in "[ ,;()<>]{0,3}") {
            let mailbox = format!("{name}@{host}.example");
            let text = format!("x{around} {mailbox}{around}");
            prop_assert!(!masked(&text).contains(&mailbox));
        }
    }
}
