//! What the shop sells and by which rules: products, prices, stock, money.
//!
//! The one rule: a value that exists is valid. Constructors are the only way
//! in, so code that holds a [`ProductId`] or a [`Money`] never checks it again.
//! No I/O, no clock, no async: time and identity are handed in.

mod error;
mod idempotency;
mod money;
mod price;
mod product;
mod search;
mod stock;
mod text;
mod version;

pub use error::{Error, Result, Violation};
pub use idempotency::IdempotencyKey;
pub use money::{Currency, Money};
pub use price::Price;
pub use product::{Category, Description, Name, Product, ProductId, ProductPart, Tags};
pub use search::{Driver, Query, Terms};
pub use stock::{Adjustment, Delta, Reason, Stock};
pub use version::Version;
