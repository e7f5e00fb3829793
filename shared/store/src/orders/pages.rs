//! Pages of a user's orders, the newest first.

use std::collections::HashMap;

use cache::Kind;
use domain::{Error, OrderId, Result, UserId};
use serde::{Deserialize, Serialize};

use super::{Purchase, TORN, USER_ORDERS, purchase, user_tag, whole};
use crate::catalogue::PageRequest;
use crate::item::{Item, from_item, text};
use crate::load::{LoadError, part_of_work};
use crate::table::{Range, Table};
use crate::{Store, keys};

const PAGE: Kind<OrderPage> = Kind::new("user orders", 2, USER_ORDERS);

/// A part of a user's orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPage {
    /// The orders, the newest first.
    pub items: Vec<Purchase>,
    /// Where this page ends, if there are more.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    id: OrderId,
}

impl Store {
    /// A page of a user's orders, the newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be read.
    pub async fn order_page(&self, user: &UserId, request: PageRequest) -> Result<OrderPage> {
        let after = request.after.as_deref().unwrap_or_default();
        let key = PAGE.key(format!("{}#{after}#{user}", request.limit)).tagged(user_tag(user));
        let (table, user) = (self.table.clone(), user.clone());
        let load = async move { Ok::<_, LoadError>(Some(load(&table, &user, &request).await?)) };
        let load = part_of_work(load);
        let page = self.cache.get_or_load(&key, || load).await?;
        Ok(page.as_deref().cloned().unwrap_or_default())
    }
}

async fn load(table: &Table, user: &UserId, request: &PageRequest) -> Result<OrderPage> {
    let pk = keys::user_partition(user);
    // One more than asked for tells whether another page follows.
    let range = Range {
        pk: &pk,
        prefix: keys::ORDER_ENTRY,
        after: request.after.as_deref(),
        limit: request.limit + 1,
        backward: true,
    };
    let mut entries = table.query("list orders", &range).await?;
    let more = entries.len() > request.limit;
    entries.truncate(request.limit);
    let last = entries.last().map(|entry| text("order entry", entry, "sk").map(str::to_owned)).transpose()?;
    let ids = entries.into_iter().map(|entry| Ok(from_item::<Entry>("order entry", entry)?.id));
    let ids = ids.collect::<Result<Vec<_>>>()?;
    let items = whole(|| purchases(table, &ids)).await?;
    Ok(OrderPage { items, next: last.filter(|_| more) })
}

/// The orders with these ids, in this order.
async fn purchases(table: &Table, ids: &[OrderId]) -> Result<Vec<Purchase>> {
    let wanted = ids.iter().flat_map(|id| [keys::order(id), keys::payment(id)]).collect();
    let mut partitions: HashMap<String, Vec<Item>> = HashMap::new();
    for item in table.batch_get("read orders", wanted).await? {
        partitions.entry(text("order", &item, "pk")?.to_owned()).or_default().push(item);
    }
    let joined = |id: &OrderId| {
        let items = partitions.remove(&keys::order(id).pk).unwrap_or_default();
        purchase(items)?.ok_or_else(|| Error::corrupt(TORN, "its entry leads to no order"))
    };
    ids.iter().map(joined).collect()
}
