//! How many pieces of one product.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Pieces of one product in a cart or an order: 1 to 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i64, minimum = 1, maximum = 10_000, example = 2)]
pub struct Quantity(i64);

impl Quantity {
    /// The most pieces of one product in one order.
    pub const MAX: i64 = 10_000;

    /// Checks a number of pieces; the error says which rule it breaks.
    pub fn new(pieces: i64) -> Result<Self, String> {
        if (1..=Self::MAX).contains(&pieces) {
            Ok(Self(pieces))
        } else {
            Err(format!("must be 1 to {} pieces", Self::MAX))
        }
    }

    /// The bare number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Both together; the error says which rule the sum breaks.
    pub fn plus(self, other: Self) -> Result<Self, String> {
        Self::new(self.0 + other.0).map_err(|_| format!("adds up to more than {} pieces", Self::MAX))
    }
}

impl TryFrom<i64> for Quantity {
    type Error = String;
    fn try_from(pieces: i64) -> Result<Self, String> {
        Self::new(pieces)
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_positive_and_bounded() {
        for good in [1, 10_000] {
            assert_eq!(Quantity::new(good).expect("valid").get(), good);
        }
        for bad in [i64::MIN, -1, 0, 10_001, i64::MAX] {
            assert!(Quantity::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quantities_add_up_to_the_same_bound() {
        let quantity = |pieces| Quantity::new(pieces).expect("valid");
        assert_eq!(quantity(9_999).plus(quantity(1)), Ok(quantity(10_000)));
        assert!(quantity(10_000).plus(quantity(1)).is_err());
    }
}
