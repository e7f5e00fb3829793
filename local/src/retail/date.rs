//! The two forms of a date in which the data set is published.

use jiff::civil::DateTime;

/// Reads `2010-12-01 08:26:00`, or `12/1/2010 8:26` with the month first.
pub(crate) fn date(text: &str) -> Option<DateTime> {
    text.parse().or_else(|_| DateTime::strptime("%m/%d/%Y %H:%M", text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_published_forms_are_the_same_moment() {
        assert_eq!(date("12/1/2010 8:26"), date("2010-12-01 08:26:00"));
        assert_eq!(date("12/31/2010 18:05"), date("2010-12-31 18:05:00"));
        assert_eq!(date("2010-12-01 08:26:00").expect("a date").to_string(), "2010-12-01T08:26:00");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "2010-13-01 08:00:00", "13/12/2010 8:26", "yesterday"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
