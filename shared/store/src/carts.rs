//! Carts: what users mean to buy.
//!
//! A cart is one item, written whole under the condition that its version is
//! the one read: of two devices that write at once, one reads again, so no line
//! is lost. It is never deleted, since its version must not come twice.
//!
//! What is cached is products and quantities. Names and prices come from the
//! products' own entries, so that no change of a product touches a cart.

use std::time::Duration;

use cache::{AnyKey, Key, Kind, Policy};
use domain::{BasketItem, Cart, Error, ProductId, Result, UserId, Version, Violation};

use crate::Store;
use crate::changes::Outdated;
use crate::item::{from_item, to_item};
use crate::keys;
use crate::load::{LOADED, LoadError, part_of_work};
use crate::table::{Condition, Table, Transaction, Write, undisturbed};

/// No L1, which other processes' writes do not reach, and never stale: the user
/// looks for a change at once.
const CART: Kind<Cart> = Kind::new("cart", 1, Policy { fresh: Duration::from_mins(5), ..LOADED });

impl Store {
    /// A user's cart: an empty one for who never used it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be read.
    pub async fn cart(&self, user: &UserId) -> Result<Cart> {
        let (table, owner) = (self.table.clone(), user.clone());
        let load = async move { Ok::<_, LoadError>(Some(read(&table, &owner).await?)) };
        let load = part_of_work(load);
        let cart = self.cache.get_or_load(&key(user), || load).await?;
        Ok(cart.as_deref().cloned().unwrap_or_else(Cart::never_used))
    }

    /// Puts so many pieces of a product into the cart, however many there were.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the product is not in the catalogue,
    /// [`Error::Invalid`] when it is one too many, [`Error::Stale`] when the
    /// cart is not of the version seen, if one was; [`Error::Busy`] and
    /// [`Error::Unavailable`] as for every write.
    pub async fn set_cart_item(
        &self,
        user: &UserId,
        item: &BasketItem,
        seen: Option<Version>,
    ) -> Result<Cart> {
        self.product(&item.product_id).await?;
        self.change_cart(user, seen, |cart| {
            let mut basket = cart.basket.clone();
            basket.set(item.clone()).map_err(too_many)?;
            Ok(cart.with(basket))
        })
        .await
    }

    /// Takes a product out of the cart, whether it is in there or not.
    ///
    /// # Errors
    /// As [`Self::set_cart_item`], whatever the catalogue says.
    pub async fn remove_cart_item(
        &self,
        user: &UserId,
        product: &ProductId,
        seen: Option<Version>,
    ) -> Result<Cart> {
        self.change_cart(user, seen, |cart| {
            let mut basket = cart.basket.clone();
            basket.remove(product);
            Ok(cart.with(basket))
        })
        .await
    }

    /// Takes everything out of the cart.
    ///
    /// # Errors
    /// As [`Self::remove_cart_item`].
    pub async fn empty_cart(&self, user: &UserId, seen: Option<Version>) -> Result<Cart> {
        self.change_cart(user, seen, |cart| Ok(cart.emptied())).await
    }

    async fn change_cart(
        &self,
        user: &UserId,
        seen: Option<Version>,
        change: impl Fn(&Cart) -> Result<Cart>,
    ) -> Result<Cart> {
        undisturbed(|| self.try_change_cart(user, seen, &change)).await
    }

    /// One try; nothing when another write came between the read and the write.
    async fn try_change_cart(
        &self,
        user: &UserId,
        seen: Option<Version>,
        change: &impl Fn(&Cart) -> Result<Cart>,
    ) -> Result<Option<Cart>> {
        let old = self.current_cart(user).await?;
        if seen.is_some_and(|seen| seen != old.version) {
            self.forget_cart(user).await;
            return Err(Error::Stale { current: old.version });
        }
        let new = change(&old)?;
        if new.basket == old.basket {
            // Nothing to write. But it may be a write that came before and was
            // cut off before the cache forgot.
            self.forget_cart(user).await;
            return Ok(Some(old));
        }
        let outcome = self.table.transact("change cart", vec![cart_write(user, &old, &new)]).await;
        if !matches!(outcome, Ok(Transaction::Refused(_))) {
            self.forget_cart(user).await;
        }
        Ok(matches!(outcome?, Transaction::Committed).then_some(new))
    }

    /// What stands in the table now, past the cache: the ground of a write.
    pub(crate) async fn current_cart(&self, user: &UserId) -> Result<Cart> {
        read(&self.table, user).await
    }

    /// Drops what the cache holds of the cart.
    pub(crate) async fn forget_cart(&self, user: &UserId) {
        self.cache.invalidate(&[cart_key(user)], &[]).await;
    }
}

/// Puts the new cart where the old one still stands.
pub(crate) fn cart_write(user: &UserId, old: &Cart, new: &Cart) -> Write {
    let condition =
        if old.version == Version::NONE { Condition::ABSENT } else { Condition::version(old.version) };
    Write::Put(to_item(keys::cart(user), new), condition)
}

/// The cart's entry in the cache.
pub(crate) fn cart_key(user: &UserId) -> AnyKey {
    key(user).erase()
}

/// What a change of a cart outdates.
pub(crate) fn outdated(key: &keys::Key) -> Outdated {
    let key = keys::user_of(key).map(|user| cart_key(&user));
    Outdated { keys: key.into_iter().collect(), tags: Vec::new() }
}

fn key(user: &UserId) -> Key<Cart> {
    CART.key(user.as_str())
}

async fn read(table: &Table, user: &UserId) -> Result<Cart> {
    let item = table.get("read cart", keys::cart(user)).await?;
    item.map_or_else(|| Ok(Cart::never_used()), |item| from_item("cart", item))
}

/// The rule that one more product breaks.
fn too_many(detail: String) -> Error {
    Error::Invalid(vec![Violation { pointer: "/product_id".to_owned(), detail }])
}
