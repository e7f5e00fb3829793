//! Orders with their payments: placed, read, called off, paid.
//!
//! An order's stock is taken in the transaction that writes it and given back
//! in the one that calls it off, so at every moment what is in stock, what
//! pending orders hold and what was sold add up to what was ever brought in.

mod call_off;
mod expire;
mod pages;
mod place;
mod settle;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use cache::{Kind, Policy, Tag};
use domain::{Error, Order, OrderId, Payment, Result, UserId};
use jiff::Timestamp;

pub use self::expire::Expiry;
pub use self::pages::OrderPage;
pub use self::place::{NewOrder, OrderSource};
use crate::Store;
use crate::changes::{Outdated, TableChange};
use crate::item::{Item, from_item, text, to_item};
use crate::keys;
use crate::load::{LOADED, LoadError, part_of_work};
use crate::table::{Condition, RACE, Table, Write};

/// An order with its payment: the two are one thing to whoever placed it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Purchase {
    /// The order.
    pub order: Order,
    /// Its payment.
    pub payment: Payment,
}

/// Of all that is cached of a user's orders: no L1, which other processes'
/// writes do not reach, and never stale, because a user looks at once for what
/// was just ordered.
const USER_ORDERS: Policy = Policy { fresh: Duration::from_mins(15), ..LOADED };

/// An unknown order and someone else's are remembered alike.
const ORDER: Kind<Purchase> =
    Kind::new("order", 2, Policy { negative: Some(Duration::from_secs(30)), ..USER_ORDERS });

impl Store {
    /// An order of this user's.
    ///
    /// Someone else's is asked for, answered and remembered exactly like one
    /// that does not exist, so that not even the time it takes tells them apart.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the user has no such order.
    pub async fn order(&self, user: &UserId, id: &OrderId) -> Result<Purchase> {
        let key = ORDER.key(format!("{id}#{user}")).tagged(user_tag(user));
        let (table, owner, wanted) = (self.table.clone(), user.clone(), id.clone());
        let load = async move { Ok::<_, LoadError>(own(&table, "read order", &owner, &wanted).await?) };
        let load = part_of_work(load);
        let purchase = self.cache.get_or_load(&key, || load).await?;
        purchase.as_deref().cloned().ok_or(NO_ORDER)
    }

    /// Makes the cache forget what it holds of a user's orders.
    async fn forget_orders(&self, user: &UserId) {
        self.cache.invalidate(&[], &[user_tag(user)]).await;
    }
}

const NO_ORDER: Error = Error::NotFound("order");

/// What a change of an order or its payment outdates. Both carry their user.
pub(crate) fn outdated(change: &TableChange) -> Result<Outdated> {
    let image = change.new.as_ref().or(change.old.as_ref()).ok_or(NO_ORDER)?;
    let user = UserId::new(text("order", image, "user")?).map_err(|rule| Error::corrupt("order", rule))?;
    Ok(Outdated { keys: Vec::new(), tags: vec![user_tag(&user)] })
}

/// What changes when anything about a user's orders does.
fn user_tag(user: &UserId) -> Tag {
    Tag::new("orders", user.as_str())
}

/// An order as it stands now, if it is this user's.
async fn own(
    table: &Table,
    operation: &'static str,
    user: &UserId,
    id: &OrderId,
) -> Result<Option<Purchase>> {
    let pk = &keys::order(id).pk;
    whole(|| async move { purchase(table.owned(operation, pk, user.as_str()).await?) }).await
}

/// Reads again while what was read is torn. A read of several items is not
/// isolated from a transaction (AWS: "Isolation levels for `DynamoDB`
/// transactions"): it may see one of the items that are just written and not
/// yet the other.
async fn whole<T, F: Future<Output = Result<T>>>(read: impl Fn() -> F) -> Result<T> {
    let mut backoff = RACE.backoff();
    loop {
        match read().await {
            Err(torn) if is_torn(&torn) => {
                if !backoff.wait().await {
                    return Err(torn);
                }
            }
            read => return read,
        }
    }
}

/// The kind of an order of which only a part is there.
const TORN: &str = "torn order";

/// Whether an order was seen in part, which passes.
fn is_torn(error: &Error) -> bool {
    matches!(error, Error::Corrupt { kind: TORN, .. })
}

/// Joins the items of one order's partition; nothing if there are none.
fn purchase(items: Vec<Item>) -> Result<Option<Purchase>> {
    let (mut order, mut payment) = (None, None);
    for item in items {
        match text("order", &item, "sk")? {
            "PAYMENT" => payment = Some(from_item("payment", item)?),
            _ => order = Some(from_item("order", item)?),
        }
    }
    match (order, payment) {
        (Some(order), Some(payment)) => Ok(Some(Purchase { order, payment })),
        (None, None) => Ok(None),
        _ => Err(Error::corrupt(TORN, "an order and its payment come together")),
    }
}

/// Writes an order as it is now. While it is pending it also stands in the
/// index, by the time at which it expires.
fn order_write(order: &Order, condition: Condition) -> Write {
    let mut item = to_item(keys::order(&order.id), order);
    if order.is_pending() {
        let place = keys::unpaid(&order.id, order.pay_by);
        item.insert("sparse_pk".to_owned(), AttributeValue::S(place.pk));
        item.insert("sparse_sk".to_owned(), AttributeValue::S(place.sk));
    }
    Write::Put(item, condition)
}

/// Writes a payment as it is now. It carries its order's user, by whom it is read.
fn payment_write(order: &Order, payment: &Payment, condition: Condition) -> Write {
    let mut item = to_item(keys::payment(&order.id), payment);
    item.insert("user".to_owned(), AttributeValue::S(order.user.to_string()));
    Write::Put(item, condition)
}

/// A time as items hold it.
fn time(time: Timestamp) -> AttributeValue {
    AttributeValue::S(time.to_string())
}

/// Why stock moved.
fn reason(order: &Order) -> AttributeValue {
    AttributeValue::S(format!("order {}, {}", order.id, order.status))
}
