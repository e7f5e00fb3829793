//! What an invoice's number says about it.

/// What an invoice records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its number is digits alone, 20 at most.
    Sale,
    /// Its number begins with C.
    Cancellation,
}

impl Kind {
    /// `None` is neither: A stands before the number of an adjustment of debts.
    pub(crate) fn of(number: &str) -> Option<Self> {
        let is_digits = (1..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if number.starts_with(['C', 'c']) {
            return Some(Self::Cancellation);
        }
        is_digits.then_some(Self::Sale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_tells_sales_and_cancellations_from_the_rest() {
        for (number, kind) in [
            ("536365", Some(Kind::Sale)),
            ("C536379", Some(Kind::Cancellation)),
            ("c536379", Some(Kind::Cancellation)),
            ("A563185", None),
            ("5363 65", None),
            ("", None),
            ("123456789012345678901", None),
        ] {
            assert_eq!(Kind::of(number), kind, "{number}");
        }
    }
}
