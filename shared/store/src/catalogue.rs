//! The catalogue: products with their price and stock, and the lists that
//! lead to them.

mod archive;
mod changed;
mod create;
mod edit;
mod entries;
mod pages;
mod parts;
mod price;
mod search;
mod stock;

pub(crate) use changed::outdated;
use domain::{Category, Description, Money, Name, Price, Product, ProductId, Stock, Tags};
pub use pages::{Page, PageRequest};
pub(crate) use parts::{joined, stock_key};

/// What an archived product's items have.
pub(crate) const ARCHIVED: &str = "archived_at";

/// A product as the catalogue shows it: with its price and its stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The product.
    pub product: Product,
    /// Its price.
    pub price: Price,
    /// Its stock.
    pub stock: Stock,
}

/// A product that is to be created.
#[derive(Clone, Debug)]
pub struct NewProduct {
    /// Its identifier; one of our own when absent.
    pub id: Option<ProductId>,
    /// Its name.
    pub name: Name,
    /// Its description.
    pub description: Description,
    /// Its category.
    pub category: Category,
    /// Its tags.
    pub tags: Tags,
    /// Its first price.
    pub price: Money,
}

/// What an edit makes of a product. Nothing stays as it was unless it is said
/// again, so the caller starts from what stands now.
#[derive(Clone, Debug)]
pub struct Change {
    /// The new name.
    pub name: Name,
    /// The new description.
    pub description: Description,
    /// The new category.
    pub category: Category,
    /// The new tags.
    pub tags: Tags,
    /// The new price.
    pub price: Money,
}
