//! What the shop holds, read through the API when all is done.

use std::collections::BTreeMap;

use domain::{Category, ProductId, UserId};
use futures::{StreamExt, TryStreamExt, stream};

use super::customers::Customers;
use crate::client::{Client, Order, Product, Result};
use crate::import::shelf;
use crate::progress::Progress;

/// A list that goes on after so many pages goes round in circles.
const MOST_PAGES: usize = 10_000;
const AT_ONCE: usize = 8;

/// Everything that the checks look at.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) orders: Vec<(UserId, Order)>,
    pub(super) products: BTreeMap<ProductId, Product>,
}

/// Every customer's orders, whatever became of them.
pub(super) async fn orders(customers: &Customers<'_>) -> Result<Vec<(UserId, Order)>> {
    let progress = Progress::of("reading back the orders of", customers.iter().len(), "customers");
    let mut orders = Vec::new();
    for (user, client) in customers.iter() {
        orders.extend(history(client).await?.into_iter().map(|order| (user.clone(), order)));
        progress.step();
    }
    Ok(orders)
}

async fn history(client: &Client) -> Result<Vec<Order>> {
    let (mut orders, mut cursor) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = client.orders(cursor.as_deref()).await?;
        orders.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(orders)
}

/// Every product as it is served on its own, with price and stock.
pub(super) async fn products(client: &Client, category: &Category) -> Result<BTreeMap<ProductId, Product>> {
    let listed = shelf::read(client, category, MOST_PAGES).await?;
    let progress = Progress::of("reading back", listed.len(), "products");
    stream::iter(listed.into_keys())
        .map(|id| async move { client.product(&id).await.map(|product| (id, product)) })
        .buffer_unordered(AT_ONCE)
        .inspect(|_| progress.step())
        .try_collect()
        .await
}
