//! What a user means to buy.

use serde::{Deserialize, Serialize};

use crate::{Basket, Version};

/// A user's cart. One that was emptied or ordered goes on counting: a version
/// that came twice could let an order take what was put in after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    /// What is in it.
    pub basket: Basket,
    /// Counts the changes; 0 of a cart that nothing was ever put into.
    pub version: Version,
}

impl Cart {
    /// The cart of a user who never had one.
    pub fn never_used() -> Self {
        Self { basket: Basket::default(), version: Version::NONE }
    }

    /// The cart with other contents.
    #[must_use]
    pub fn with(&self, basket: Basket) -> Self {
        Self { basket, version: self.version.next() }
    }

    /// The cart with nothing in it.
    #[must_use]
    pub fn emptied(&self) -> Self {
        self.with(Basket::default())
    }
}
