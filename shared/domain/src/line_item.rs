//! One product in a cart or an order, and what it costs there.

use serde::{Deserialize, Serialize};

use crate::{Currency, Error, Money, Name, ProductId, Quantity, Result};

/// Pieces of one product at a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LineItem {
    /// Which product.
    pub product_id: ProductId,
    /// What it is called.
    pub name: Name,
    /// How many pieces.
    pub quantity: Quantity,
    /// What one piece costs.
    pub unit_price: Money,
    /// What all of them cost.
    pub line_total: Money,
}

impl LineItem {
    /// Pieces of a product at a price for each.
    pub fn new(product_id: ProductId, name: Name, quantity: Quantity, unit_price: Money) -> Self {
        Self { product_id, name, quantity, unit_price, line_total: unit_price.times(quantity) }
    }

    /// What items cost together; nothing, in pounds, if there are none.
    ///
    /// # Errors
    /// [`Error::MixedCurrencies`] when there is no such sum.
    pub fn total<'a>(items: impl IntoIterator<Item = &'a Self>) -> Result<Money> {
        let mut totals = items.into_iter().map(|item| item.line_total);
        let first = totals.next().unwrap_or(Money::zero(Currency::GBP));
        totals.try_fold(first, Money::plus).ok_or(Error::MixedCurrencies)
    }
}
