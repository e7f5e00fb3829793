//! What someone wants to buy: each product once.

use serde::{Deserialize, Serialize};

use crate::{ProductId, Quantity};

/// Pieces of one product that are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BasketItem {
    /// Which product.
    pub product_id: ProductId,
    /// How many pieces.
    pub quantity: Quantity,
}

/// Products and quantities, each product once, at most [`Basket::MAX`] of them.
///
/// An order writes each product's stock in one transaction beside its own
/// items, and a transaction takes at most 100 (`TransactWriteItems`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<BasketItem>")]
pub struct Basket(Vec<BasketItem>);

/// Why something does not fit into a basket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which of the items, counted from 0, was one too many.
    pub index: usize,
    /// Which rule it breaks.
    pub detail: String,
}

impl TryFrom<Vec<BasketItem>> for Basket {
    type Error = String;
    fn try_from(items: Vec<BasketItem>) -> Result<Self, String> {
        Self::sum(items).map_err(|misfit| misfit.detail)
    }
}

impl Basket {
    /// The most distinct products.
    pub const MAX: usize = 90;

    /// Adds up what is wanted of each product, in the order of first mention.
    ///
    /// # Errors
    /// The first item that is too much.
    pub fn sum(items: impl IntoIterator<Item = BasketItem>) -> Result<Self, Misfit> {
        let mut basket = Self::default();
        for (index, item) in items.into_iter().enumerate() {
            basket.add(item).map_err(|detail| Misfit { index, detail })?;
        }
        Ok(basket)
    }

    fn add(&mut self, item: BasketItem) -> Result<(), String> {
        match self.item_mut(&item.product_id) {
            Some(known) => known.quantity = known.quantity.plus(item.quantity)?,
            None => self.push(item)?,
        }
        Ok(())
    }

    /// Wants so many pieces of a product, however many it was before.
    ///
    /// # Errors
    /// The rule that one more product breaks.
    pub fn set(&mut self, item: BasketItem) -> Result<(), String> {
        match self.item_mut(&item.product_id) {
            Some(known) => known.quantity = item.quantity,
            None => self.push(item)?,
        }
        Ok(())
    }

    /// Wants nothing of a product any more; says whether it was wanted.
    pub fn remove(&mut self, product: &ProductId) -> bool {
        let before = self.0.len();
        self.0.retain(|item| item.product_id != *product);
        self.0.len() < before
    }

    /// What is wanted, in the order of first mention.
    pub fn items(&self) -> &[BasketItem] {
        &self.0
    }

    /// Whether nothing is wanted.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, item: BasketItem) -> Result<(), String> {
        if self.0.len() == Self::MAX {
            return Err(format!("is one product too many: an order takes at most {}", Self::MAX));
        }
        self.0.push(item);
        Ok(())
    }

    fn item_mut(&mut self, product: &ProductId) -> Option<&mut BasketItem> {
        self.0.iter_mut().find(|item| item.product_id == *product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, pieces: i64) -> BasketItem {
        let product_id = ProductId::new(id).expect("an id");
        BasketItem { product_id, quantity: Quantity::new(pieces).expect("a quantity") }
    }

    #[test]
    fn repeated_products_are_summed_in_the_order_of_first_mention() {
        let basket = Basket::sum([item("b", 1), item("a", 2), item("b", 3)]).expect("fits");
        assert_eq!(basket.items(), [item("b", 4), item("a", 2)]);
    }

    #[test]
    fn the_item_that_is_too_much_is_named() {
        let misfit = Basket::sum([item("a", 10_000), item("b", 1), item("a", 1)]).expect_err("too much");
        assert_eq!(misfit.index, 2);
        let many = (0..=Basket::MAX).map(|n| item(&n.to_string(), 1));
        let misfit = Basket::sum(many.clone()).expect_err("too many");
        assert_eq!(misfit.index, Basket::MAX);
        assert!(misfit.detail.contains("at most 90"));
        let twice = many.clone().take(Basket::MAX).chain(many.take(Basket::MAX));
        assert_eq!(Basket::sum(twice).expect("each of them twice").items().len(), Basket::MAX);
    }

    #[test]
    fn setting_replaces_and_removing_says_whether_there_was_something() {
        let mut basket = Basket::sum([item("a", 2)]).expect("fits");
        basket.set(item("a", 5)).expect("fits");
        assert_eq!(basket.items(), [item("a", 5)]);
        assert!(basket.remove(&item("a", 1).product_id));
        assert!(!basket.remove(&item("a", 1).product_id));
        assert!(basket.is_empty());
    }
}
