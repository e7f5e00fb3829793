//! A new product.

use domain::{Error, Price, Product, ProductId, Result, Stock, Version};
use jiff::Timestamp;

use super::{Listing, NewProduct, entries};
use crate::Store;
use crate::item::to_item;
use crate::keys;
use crate::table::{Condition, Transaction, Write};

impl Store {
    /// Puts a product into the catalogue, with no stock yet.
    ///
    /// # Errors
    /// [`Error::Taken`] when the id is in use, or was; [`Error::Busy`] and
    /// [`Error::Unavailable`] as for every write.
    pub async fn create_product(&self, new: NewProduct, now: Timestamp) -> Result<Listing> {
        let listing = listing(new, now);
        let outcome = self.table.transact("create product", writes(&listing)).await;
        // Also when it is refused: the twin that came first may have been cut
        // off before the cache forgot.
        self.forget_product(&listing.product.id, &entries::tags([&listing.product])).await;
        match outcome? {
            Transaction::Committed => Ok(listing),
            Transaction::Refused(_) => Err(Error::Taken("product")),
        }
    }
}

fn listing(new: NewProduct, now: Timestamp) -> Listing {
    let id = new.id.unwrap_or_else(|| ProductId::from_uuid(uuid::Uuid::now_v7()));
    let product = Product {
        id: id.clone(),
        name: new.name,
        description: new.description,
        category: new.category,
        tags: new.tags,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        archived_at: None,
    };
    Listing { product, price: Price::first(id.clone(), new.price, now), stock: Stock::none(id, now) }
}

fn writes(listing: &Listing) -> Vec<Write> {
    let Listing { product, price, stock } = listing;
    let mut writes = vec![
        Write::Put(to_item(keys::product(&product.id), product), Condition::ABSENT),
        Write::Put(to_item(keys::price(&product.id), price), Condition::ABSENT),
        Write::Put(to_item(keys::stock(&product.id), stock), Condition::ABSENT),
    ];
    writes.extend(entries::add(product));
    writes
}
