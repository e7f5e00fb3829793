//! How many pieces of a product can be sold.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::text::{line, text_type};
use crate::{Error, ProductId, Result, Version};

text_type! {
    /// Why stock was moved, for people: a line of 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"^[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f](?:[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\x00-\x1f\x7f-\x9f])?[\x09-\x0d \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$", example = "delivery 17")]
    Reason, |text| line(text, 200)
}

/// Pieces that come in (positive) or go out (negative): not 0, and at most
/// [`Self::MAX`] at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta(i64);

impl Delta {
    /// The most pieces that one adjustment moves.
    pub const MAX: i64 = 1_000_000;

    /// Checks a number of pieces; the error says which rule it breaks.
    pub fn new(pieces: i64) -> std::result::Result<Self, String> {
        if pieces != 0 && (-Self::MAX..=Self::MAX).contains(&pieces) {
            Ok(Self(pieces))
        } else {
            Err(format!("must be {} to {} and not 0", -Self::MAX, Self::MAX))
        }
    }
}

/// Its rule has a hole, which a derived schema cannot have.
impl PartialSchema for Delta {
    fn schema() -> RefOr<Schema> {
        let range = |least, most| {
            let integer = ObjectBuilder::new().schema_type(Type::Integer);
            let integer = integer.format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)));
            integer.minimum(Some(least)).maximum(Some(most))
        };
        let means = "Pieces that come in (positive) or go out (negative).";
        let either = OneOfBuilder::new().item(range(1, Self::MAX)).item(range(-Self::MAX, -1));
        either.description(Some(means)).examples([24]).into()
    }
}

impl ToSchema for Delta {}

/// A movement of stock.
///
/// Stock is only ever moved, never set, because a number read before an order
/// was placed would undo that order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// How many pieces move.
    pub delta: Delta,
    /// Why.
    pub reason: Reason,
}

/// The stock of one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Inventory)]
pub struct Stock {
    /// Whose stock it is.
    pub product_id: ProductId,
    /// Pieces that can be sold now: never negative.
    #[schema(minimum = 0, maximum = 1_000_000_000_000i64, example = 24)]
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
        let available = self.available + adjustment.delta.0;
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
        Adjustment {
            delta: Delta::new(delta).expect("valid delta"),
            reason: Reason::new("count").expect("valid reason"),
        }
    }

    #[test]
    fn an_adjustment_moves_something_and_not_too_much() {
        for bad in [0, Delta::MAX + 1, -Delta::MAX - 1, i64::MIN] {
            assert!(Delta::new(bad).is_err(), "{bad}");
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
