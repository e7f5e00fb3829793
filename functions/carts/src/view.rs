//! The cart as its user sees it: with today's names and prices.

use std::collections::HashMap;

use domain::{BasketItem, Cart, Error, LineItem, Money, ProductId, Result, Version};
use serde::Serialize;
use store::{Listing, Store};
use utoipa::ToSchema;

/// The caller's cart.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cart)]
pub(crate) struct CartView {
    items: Vec<LineItem>,
    /// None where the prices are in several currencies.
    total: Option<Money>,
    /// What is in the cart and not in the catalogue any more. An order would
    /// refuse it, so the user hears of it here.
    unavailable: Vec<ProductId>,
    version: Version,
}

impl CartView {
    pub(crate) async fn of(store: &Store, cart: &Cart) -> Result<Self> {
        let wanted = cart.basket.items();
        let ids: Vec<ProductId> = wanted.iter().map(|item| item.product_id.clone()).collect();
        let listings = store.products(&ids).await?.into_iter();
        let listings: HashMap<ProductId, Listing> =
            listings.map(|listing| (listing.product.id.clone(), listing)).collect();
        let line = |item: &BasketItem| Some(line(item, listings.get(&item.product_id)?));
        let items: Vec<LineItem> = wanted.iter().filter_map(line).collect();
        let unavailable = ids.into_iter().filter(|id| !listings.contains_key(id)).collect();
        Ok(Self { total: total(&items)?, items, unavailable, version: cart.version })
    }
}

fn line(item: &BasketItem, Listing { product, price, .. }: &Listing) -> LineItem {
    LineItem::new(item.product_id.clone(), product.name.clone(), item.quantity, price.price)
}

fn total(items: &[LineItem]) -> Result<Option<Money>> {
    match LineItem::total(items) {
        Ok(total) => Ok(Some(total)),
        Err(Error::MixedCurrencies) => Ok(None),
        Err(other) => Err(other),
    }
}
