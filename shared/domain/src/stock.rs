//! How many pieces of a product can be sold.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text::{line, text_type};
use crate::{Error, ProductId, Result, Version};

text_type! {
    /// Why stock was moved, for people: a line of 1 to 200 characters.
    Reason, |text| line(text, 200)
}

/// A movement of stock: what comes in is positive, what goes out negative.
///
/// Stock is only ever moved, never set, because a number read before an order
/// was placed would undo that order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    delta: i64,
    reason: Reason,
}

impl Adjustment {
    /// The most pieces that one adjustment moves.
    pub const MAX: i64 = 1_000_000;

    /// A movement of `delta` pieces; the error says which rule it breaks.
    pub fn new(delta: i64, reason: Reason) -> std::result::Result<Self, String> {
        if delta != 0 && (-Self::MAX..=Self::MAX).contains(&delta) {
            Ok(Self { delta, reason })
        } else {
            Err(format!("must be {} to {}, not 0", -Self::MAX, Self::MAX))
        }
    }

    /// Pieces moved.
    pub const fn delta(&self) -> i64 {
        self.delta
    }

    /// Why.
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }
}

/// The stock of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    /// Whose stock it is.
    pub product_id: ProductId,
    /// Pieces that can be sold now: never negative.
    pub available: i64,
    /// Counts the movements.
    pub version: Version,
    /// When it last moved.
    pub updated_at: Timestamp,
}

impl Stock {
    /// The most pieces that a product can have.
    pub const MAX: i64 = 1_000_000_000_000;

    /// The stock that a new product starts with: none.
    pub fn none(product_id: ProductId, now: Timestamp) -> Self {
        Self { product_id, available: 0, version: Version::FIRST, updated_at: now }
    }

    /// The stock after a movement.
    ///
    /// # Errors
    /// [`Error::StockOutOfRange`] when it would fall below zero or above [`Self::MAX`].
    pub fn adjusted(&self, adjustment: &Adjustment, now: Timestamp) -> Result<Self> {
        let available = self.available + adjustment.delta;
        if !(0..=Self::MAX).contains(&available) {
            return Err(Error::StockOutOfRange { available: self.available });
        }
        Ok(Self { available, version: self.version.next(), updated_at: now, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock(available: i64) -> Stock {
        let id = ProductId::new("mug").expect("valid id");
        Stock { available, ..Stock::none(id, Timestamp::UNIX_EPOCH) }
    }

    fn adjustment(delta: i64) -> Adjustment {
        Adjustment::new(delta, Reason::new("count").expect("valid reason")).expect("valid delta")
    }

    #[test]
    fn an_adjustment_moves_something_and_not_too_much() {
        let reason = Reason::new("count").expect("valid reason");
        for bad in [0, Adjustment::MAX + 1, -Adjustment::MAX - 1, i64::MIN] {
            assert!(Adjustment::new(bad, reason.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn stock_moves_by_the_delta_and_counts_the_movement() {
        let moved = stock(5).adjusted(&adjustment(-5), Timestamp::UNIX_EPOCH).expect("enough");
        assert_eq!((moved.available, moved.version), (0, Version::new(2)));
    }

    #[test]
    fn stock_never_leaves_its_range() {
        for (available, delta) in [(4, -5), (Stock::MAX, 1)] {
            let refused = stock(available).adjusted(&adjustment(delta), Timestamp::UNIX_EPOCH);
            assert!(matches!(refused, Err(Error::StockOutOfRange { available: a }) if a == available));
        }
    }
}
