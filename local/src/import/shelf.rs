//! What the shop has in the category already, read page by page before the
//! first write: to ask product by product takes a hundred times the calls.

use std::collections::HashMap;

use domain::{Category, ProductId};

use crate::client::{Client, Product, Result};

/// The products that were found, by id. One that is missing here may still
/// exist: in another category, or beyond what was read.
pub(crate) type Shelf = HashMap<ProductId, Product>;

/// Reads at most so many pages: a small import into a large category is
/// cheaper when it asks for its own products alone.
pub(crate) async fn read(client: &Client, category: &Category, pages: usize) -> Result<Shelf> {
    let (mut shelf, mut cursor) = (Shelf::new(), None);
    for _ in 0..pages {
        let page = client.products(category, cursor.as_deref()).await?;
        shelf.extend(page.items.into_iter().map(|product| (product.id.clone(), product)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(shelf)
}
