//! What a product costs now.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Money, ProductId, Version};

/// The price of one product: an item of its own, since it changes on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Pricing)]
pub struct Price {
    /// Whose price it is.
    pub product_id: ProductId,
    /// How much it is.
    pub price: Money,
    /// Counts the price's changes.
    pub version: Version,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Price {
    /// The price that a new product starts with.
    pub fn first(product_id: ProductId, price: Money, now: Timestamp) -> Self {
        Self { product_id, price, version: Version::FIRST, updated_at: now }
    }

    /// The price after a change.
    #[must_use]
    pub fn changed(&self, price: Money, now: Timestamp) -> Self {
        Self { price, version: self.version.next(), updated_at: now, ..self.clone() }
    }
}
