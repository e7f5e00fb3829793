//! What the shop sells, to whom, and by which rules: products, prices, stock,
//! carts, orders, payments, users, money.
//!
//! The one rule: a value that exists is valid. Constructors are the only way
//! in, so code that holds a [`ProductId`] or a [`Money`] never checks it again.
//! No I/O, no clock, no async: time and identity are handed in.

mod basket;
mod cart;
mod error;
mod idempotency;
mod line_item;
mod money;
mod order;
mod payment;
mod payment_event;
mod price;
mod product;
mod quantity;
mod search;
mod stock;
mod text;
mod user;
mod version;
mod webhook;

pub use basket::{Basket, BasketItem, Misfit};
pub use cart::Cart;
pub use error::{Error, Result, Shortage, Violation};
pub use idempotency::IdempotencyKey;
pub use line_item::LineItem;
pub use money::{Currency, Money};
pub use order::{Order, OrderId, OrderStatus, PAYMENT_WINDOW};
pub use payment::{Payment, PaymentFlag, PaymentId, PaymentStatus, Receipt, Source, Total};
pub use payment_event::PaymentEvent;
pub use price::Price;
pub use product::{Category, Description, Name, Product, ProductId, ProductPart, Tag, Tags};
pub use quantity::Quantity;
pub use search::{Driver, Query, Terms};
pub use stock::{Adjustment, Delta, Reason, Stock};
pub use user::{Email, PersonName, Profile, UserId};
pub use version::Version;
pub use webhook::{EventId, EventKey, Provider};

/// An identifier of our own as it is written in paths and keys.
fn uuid_text(text: &str) -> std::result::Result<String, String> {
    let uuid = uuid::Uuid::try_parse(text).ok().map(|uuid| uuid.hyphenated().to_string());
    uuid.filter(|canonical| canonical == text)
        .ok_or_else(|| "must be a UUID in lower case with hyphens".into())
}
