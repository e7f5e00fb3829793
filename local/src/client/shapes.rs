//! What the API takes and gives, as far as this machine needs it.

use domain::{
    BasketItem, Category, Description, Email, LineItem, Money, Name, OrderId, OrderStatus, PersonName,
    ProductId, Reason, Tags, Version,
};
use serde::{Deserialize, Serialize};

/// A product to create. Its id is given, so that creating it twice is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewProduct {
    /// Its identifier.
    pub id: ProductId,
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Description,
    /// Its category.
    pub category: Category,
    /// Its tags.
    pub tags: Tags,
    /// Its price.
    pub price: Money,
}

/// A product as it is read: the fields that are compared, not all it has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Product {
    /// Its identifier.
    pub id: ProductId,
    /// Its name.
    pub name: Name,
    /// Its category.
    pub category: Category,
    /// Its price.
    pub price: Money,
    /// How many there are.
    pub inventory: Available,
    /// The version that an edit has to name.
    pub version: Version,
}

/// Stock as it is told with a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Available {
    /// Pieces that can be sold.
    pub available: i64,
}

/// A part of a list of products.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Page {
    /// The products, in the order of the list.
    pub items: Vec<Product>,
    /// Where the list goes on, if it does.
    pub next_cursor: Option<String>,
}

/// The fields of a product to change (RFC 7396): absent ones stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProductPatch {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// The new category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
}

impl ProductPatch {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.category.is_none()
    }
}

/// A movement of stock and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adjustment {
    /// Pieces that come in, or go out when negative.
    pub delta: i64,
    /// Why, for people.
    pub reason: Reason,
}

/// What a user says of herself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// What to call her.
    pub name: PersonName,
    /// Where to write to.
    pub email: Email,
}

/// An order as it is read: the fields that are compared, not all it has.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Order {
    /// Its identifier.
    pub id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was ordered, each product once.
    pub items: Vec<LineItem>,
    /// What it costs.
    pub total: Money,
}

/// A part of a user's orders.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrderPage {
    /// The orders, newest first.
    pub items: Vec<Order>,
    /// Where the list goes on, if it does.
    pub next_cursor: Option<String>,
}

/// What to order.
#[derive(Serialize)]
pub(super) struct OrderBody<'a> {
    pub(super) items: &'a [BasketItem],
}

/// A new price.
#[derive(Serialize)]
pub(super) struct PriceBody {
    pub(super) price: Money,
}
