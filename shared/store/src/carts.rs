//! Carts: what users mean to buy.

use std::time::Duration;

use cache::{AnyKey, Kind, Policy};
use domain::{Cart, Result, UserId, Version};

use crate::Store;
use crate::item::{from_item, to_item};
use crate::keys;
use crate::load::LOADED;
use crate::table::{Condition, Write};

const CART: Kind<Cart> = Kind::new("cart", 1, Policy { fresh: Duration::from_mins(5), ..LOADED });

impl Store {
    /// A user's cart as it stands in the table now.
    pub(crate) async fn current_cart(&self, user: &UserId) -> Result<Cart> {
        let found = self.table.get("read current cart", keys::cart(user)).await?;
        found.map_or_else(|| Ok(Cart::never_used()), |item| from_item("cart", item))
    }
}

/// Puts a new cart in the place of the old one, if that still stands.
pub(crate) fn cart_write(user: &UserId, old: &Cart, new: &Cart) -> Write {
    let condition =
        if old.version == Version::NONE { Condition::ABSENT } else { Condition::version(old.version) };
    Write::Put(to_item(keys::cart(user), new), condition)
}

/// What the cache knows of a user's cart.
pub(crate) fn cart_key(user: &UserId) -> AnyKey {
    CART.key(user.as_str()).erase()
}
