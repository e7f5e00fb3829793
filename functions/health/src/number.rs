//! Numbers as the answer shows them: with at most three decimals, and judged as
//! they are shown.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// A number in thousandths, so that limits such as 0.1 % are met exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
#[schema(as = HealthNumber, value_type = f64, minimum = 0)]
pub(crate) struct Number(u64);

impl Number {
    pub(crate) const fn whole(number: u64) -> Self {
        Self(number.saturating_mul(1_000))
    }

    pub(crate) const fn thousandths(number: u64) -> Self {
        Self(number)
    }

    pub(crate) fn milliseconds(time: Duration) -> Self {
        Self(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
    }

    /// So many of these in a hundred; none of none. Counts that were not taken at
    /// the same moment can be a little off: it is never more than all.
    pub(crate) fn percent(part: u64, of: u64) -> Option<Self> {
        let part = u128::from(part.min(of));
        let thousandths = (part * 100_000).checked_div(of.into())?;
        u64::try_from(thousandths).ok().map(Self)
    }

    pub(crate) fn per_second(count: u64, seconds: u64) -> Option<Self> {
        count.saturating_mul(1_000).checked_div(seconds).map(Self)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1_000) {
            return serializer.serialize_u64(self.0 / 1_000);
        }
        serializer.serialize_f64(decimal(self.0))
    }
}

#[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a JSON number, and no money")]
fn decimal(thousandths: u64) -> f64 {
    thousandths as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_is_shown_with_the_decimals_that_it_has() {
        assert_eq!(json!(Number::milliseconds(Duration::from_micros(3_250))), json!(3.25));
        assert_eq!(json!(Number::percent(1, 1_000)), json!(0.1));
        assert_eq!(json!(Number::percent(2, 2)), json!(100));
    }

    #[test]
    fn a_share_of_nothing_is_none_and_no_share_is_more_than_all() {
        assert_eq!(Number::percent(0, 0), None);
        assert_eq!(Number::percent(3, 2), Some(Number::whole(100)));
    }
}
