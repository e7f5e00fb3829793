//! Reading a price in pounds as whole pence, with no float on the way.

/// Why a text is not a price in pence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotPence {
    /// It is no plain decimal number, or too large for any price.
    Unreadable,
    /// It is a number of pounds that is no whole number of pence. Rounding
    /// would make up a price that nobody asked.
    Fraction,
}

/// `2.55` is 255: digits, and after a point one or more digits, of which the
/// third and later ones must be zeros. A minus is taken, other signs,
/// separators, currency signs and exponents are not.
pub(super) fn parse(text: &str) -> Result<i64, NotPence> {
    match text.strip_prefix('-') {
        Some(positive) => unsigned(positive).map(|pence| -pence),
        None => unsigned(text),
    }
}

fn unsigned(text: &str) -> Result<i64, NotPence> {
    let (pounds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if !is_number(pounds) || !is_number(decimals) {
        return Err(NotPence::Unreadable);
    }
    let (pence, rest) = decimals.split_at(decimals.len().min(2));
    if rest.bytes().any(|digit| digit != b'0') {
        return Err(NotPence::Fraction);
    }
    format!("{pounds}{pence:0<2}").parse().map_err(|_| NotPence::Unreadable)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pounds_are_read_as_pence() {
        for (text, pence) in [
            ("2.55", 255),
            ("2.5", 250),
            ("2", 200),
            ("0.0", 0),
            ("0.07", 7),
            ("007.10", 710),
            ("13541.33", 1_354_133),
            ("2.550", 255),
            ("1.2000000", 120),
            ("-11062.06", -1_106_206),
        ] {
            assert_eq!(parse(text), Ok(pence), "{text}");
        }
    }

    #[test]
    fn a_fraction_of_a_penny_is_refused_not_rounded() {
        for text in ["2.555", "0.001", "1.0001", "-0.005"] {
            assert_eq!(parse(text), Err(NotPence::Fraction), "{text}");
        }
    }

    #[test]
    fn anything_but_a_plain_decimal_is_refused() {
        let too_large = "9".repeat(30);
        for text in [
            "", ".", "-", "--1", "+1", ".5", "5.", "1.2.3", "1,50", "1,000.00", "£2", "2e3", "NaN", "inf",
            "٣", &too_large,
        ] {
            assert_eq!(parse(text), Err(NotPence::Unreadable), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_with_two_decimals_is_read_back(pence in 0_i64..=10_000_000_000) {
            let text = format!("{}.{:02}", pence / 100, pence % 100);
            prop_assert_eq!(parse(&text), Ok(pence));
            prop_assert_eq!(parse(&format!("-{text}")), Ok(-pence));
            prop_assert_eq!(parse(&format!("{text}0")), Ok(pence));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_read_is_what_the_digits_say(text in "[0-9]{1,6}(\\.[0-9]{1,4})?") {
            if let Ok(pence) = parse(&text) {
                let (pounds, decimals) = text.split_once('.').unwrap_or((text.as_str(), ""));
                let (read, written) = (format!("{pence}00"), format!("{pounds}{decimals:0<4}"));
                prop_assert_eq!(read.trim_start_matches('0'), written.trim_start_matches('0'));
            }
        }
    }
}
