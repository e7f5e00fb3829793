//! The catalogue as callers see it.

use domain::{Category, Description, Money, Name, ProductId, Tags, Version};
use jiff::Timestamp;
use serde::Serialize;
use store::{Listing, Page};
use utoipa::ToSchema;

use api::{Cursors, PageView};

/// A product with its price and its stock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub(crate) struct ProductView {
    id: ProductId,
    name: Name,
    description: Description,
    category: Category,
    tags: Tags,
    price: Money,
    inventory: InventoryView,
    version: Version,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Available)]
struct InventoryView {
    /// Pieces that can be sold now.
    #[schema(minimum = 0, maximum = 1_000_000_000_000i64, example = 24)]
    available: i64,
}

/// A page of products.
pub(crate) type ProductPage = PageView<ProductView>;

impl From<Listing> for ProductView {
    fn from(Listing { product, price, stock }: Listing) -> Self {
        Self {
            id: product.id,
            name: product.name,
            description: product.description,
            category: product.category,
            tags: product.tags,
            price: price.price,
            inventory: InventoryView { available: stock.available },
            version: product.version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

/// A page whose cursor is sealed for its list.
pub(crate) fn page(page: Page, cursors: &Cursors, list: &str) -> ProductPage {
    PageView {
        items: page.items.into_iter().map(ProductView::from).collect(),
        next_cursor: page.next.map(|position| cursors.seal(list, &position)),
    }
}
