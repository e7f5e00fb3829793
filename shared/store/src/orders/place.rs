//! A new order: everything that it means, in one transaction.
//!
//! The record of its idempotency key, the order, its place in the user's list,
//! its payment, the emptied cart and each product's stock, or none of them.
//! The reads just before turn hopeless ones away early and find the prices: an
//! order costs what its products cost then. Whether there is enough, and whether
//! a product is still sold, the conditions of the transaction decide.

use std::collections::HashMap;

use cache::AnyKey;
use domain::{
    Basket, BasketItem, Cart, Error, LineItem, Money, Order, OrderId, Payment, PaymentId, ProductId, Result,
    Shortage, Stock, UserId,
};
use jiff::Timestamp;
use monitoring::Count;
use serde::Serialize;
use uuid::Uuid;

use super::{Purchase, order_write, payment_write, time, user_tag};
use crate::Store;
use crate::carts::{cart_key, cart_write};
use crate::catalogue::{ARCHIVED, Listing, joined};
use crate::idempotency::{Answer, Request};
use crate::item::{Item, from_item, key_of, to_item};
use crate::keys;
use crate::table::{Condition, Expression, Refusal, Transaction, Write, number, undisturbed};

/// An order that is to be placed.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// By whom.
    pub user: UserId,
    /// What is ordered.
    pub source: OrderSource,
    /// What its user expects it to cost, if that matters.
    pub expected_total: Option<Money>,
}

/// Where an order gets its products from.
#[derive(Clone, Debug)]
pub enum OrderSource {
    /// From the request.
    Basket(Basket),
    /// From the user's cart, which is empty then.
    Cart,
}

/// What an order stands on, as it was just read.
struct Ground {
    record: Option<Item>,
    /// The cart that is ordered.
    cart: Option<Cart>,
    basket: Basket,
    listings: HashMap<ProductId, Listing>,
}

impl Store {
    /// Places an order. The answer is what `represent` makes of it, in the same
    /// bytes whenever the request comes again.
    ///
    /// # Errors
    /// [`Error::NotSold`], [`Error::OutOfStock`], [`Error::EmptyCart`],
    /// [`Error::MixedCurrencies`] and [`Error::PriceMoved`] when the order
    /// cannot be placed as it is; [`Error::IdempotencyKeyReused`] when the key
    /// came with another request; [`Error::Busy`] and [`Error::Unavailable`] as
    /// for every write: the request is safe to repeat under its key.
    pub async fn place_order<V: Serialize>(
        &self,
        new: &NewOrder,
        request: &Request,
        now: Timestamp,
        represent: impl Fn(&Purchase) -> V,
    ) -> Result<Answer> {
        undisturbed(|| self.try_place(new, request, now, &represent)).await
    }

    /// One try; nothing when something moved between the reads and the write.
    async fn try_place<V: Serialize>(
        &self,
        new: &NewOrder,
        request: &Request,
        now: Timestamp,
        represent: &impl Fn(&Purchase) -> V,
    ) -> Result<Option<Answer>> {
        let ground = self.order_ground(new, request).await?;
        if let Some(answer) = request.replay(ground.record.clone(), now)? {
            return self.order_replayed(&new.user, answer).await;
        }
        let purchase = match ground.purchase(new, now) {
            Ok(purchase) => purchase,
            Err(refusal) => return self.order_refused(&new.user, request, now, refusal).await,
        };
        let products = purchase.order.items.iter().map(|item| item.product_id.clone());
        let answer = Answer::first(&represent(&purchase)).moving(products);
        let (writes, first_stock) = writes(&ground, &purchase, request, &answer, now);
        match self.table.transact_recorded("place order", writes, request.key()).await {
            Ok(Transaction::Refused(refusal)) => match refused(refusal, first_stock, &purchase.order) {
                Err(short @ Error::OutOfStock(_)) => self.order_refused(&new.user, request, now, short).await,
                moved => moved.map(|()| None),
            },
            ended => {
                self.monitoring.count(Count::OrdersPlaced, ended.is_ok().into());
                self.forget_order_of(&new.user, &answer.products).await;
                ended.map(|_| Some(answer))
            }
        }
    }

    /// A refusal, unless the request has meanwhile been carried out by its twin:
    /// the reads before are consistent item by item, not as a whole, so the
    /// stock may show what the record did not yet.
    async fn order_refused(
        &self,
        user: &UserId,
        request: &Request,
        now: Timestamp,
        refusal: Error,
    ) -> Result<Option<Answer>> {
        let record = self.table.get("read idempotency record", request.key()).await?;
        match request.replay(record, now)? {
            Some(answer) => self.order_replayed(user, answer).await,
            None => Err(refusal),
        }
    }

    /// The answer to a request that came before. Its first coming may have been
    /// cut off before the cache forgot, so the cache forgets now; and what it
    /// ordered, the record knows: a cart is empty since.
    async fn order_replayed(&self, user: &UserId, answer: Answer) -> Result<Option<Answer>> {
        self.forget_order_of(user, &answer.products).await;
        Ok(Some(answer))
    }

    async fn order_ground(&self, new: &NewOrder, request: &Request) -> Result<Ground> {
        match &new.source {
            OrderSource::Basket(basket) => self.ground_of(request, None, basket.clone()).await,
            OrderSource::Cart => {
                let cart = self.current_cart(&new.user).await?;
                let basket = cart.basket.clone();
                self.ground_of(request, Some(cart), basket).await
            }
        }
    }

    /// The request's record and all that is to be known of the products, at once.
    async fn ground_of(&self, request: &Request, cart: Option<Cart>, basket: Basket) -> Result<Ground> {
        let ids = basket.items().iter().map(|item| &item.product_id);
        let products = ids.flat_map(|id| [keys::product(id), keys::price(id), keys::stock(id)]);
        let wanted = std::iter::once(request.key()).chain(products).collect();
        let mut found = self.table.batch_get("read what is ordered", wanted).await?;
        let record = take(&mut found, &request.key())?;
        Ok(Ground { record, cart, basket, listings: joined(found)? })
    }

    async fn forget_order_of(&self, user: &UserId, products: &[ProductId]) {
        let stocks = products.iter().map(crate::catalogue::stock_key);
        let keys: Vec<AnyKey> = stocks.chain([cart_key(user)]).collect();
        self.cache.invalidate(&keys, &[user_tag(user)]).await;
    }
}

impl Ground {
    /// The order as it can be placed now.
    fn purchase(&self, new: &NewOrder, now: Timestamp) -> Result<Purchase> {
        if self.basket.is_empty() {
            return Err(Error::EmptyCart);
        }
        let items = self.line_items()?;
        self.check_stock()?;
        let (id, payment) = (Uuid::now_v7(), Uuid::now_v7());
        let (id, payment) = (OrderId::from_uuid(id), PaymentId::from_uuid(payment));
        let order = Order::place(id, payment, new.user.clone(), items, now)?;
        if new.expected_total.is_some_and(|expected| expected != order.total) {
            return Err(Error::PriceMoved { total: order.total });
        }
        Ok(Purchase { payment: Payment::of(&order), order })
    }

    fn line_items(&self) -> Result<Vec<LineItem>> {
        let line_item = |item: &BasketItem| {
            let Listing { product, price, .. } = self.listings.get(&item.product_id)?;
            Some(LineItem::new(product.id.clone(), product.name.clone(), item.quantity, price.price))
        };
        let items: Vec<_> = self.basket.items().iter().filter_map(line_item).collect();
        if items.len() == self.basket.items().len() {
            return Ok(items);
        }
        let ids = self.basket.items().iter().map(|item| item.product_id.clone());
        Err(Error::NotSold(ids.filter(|id| !self.listings.contains_key(id)).collect()))
    }

    fn check_stock(&self) -> Result<()> {
        let available = |id: &ProductId| self.listings.get(id).map_or(0, |listing| listing.stock.available);
        let items = self.basket.items().iter().map(|item| (item, available(&item.product_id)));
        let short = items.filter(|(item, available)| *available < item.quantity.get());
        let shortages: Vec<_> = short
            .map(|(item, available)| Shortage {
                product_id: item.product_id.clone(),
                requested: item.quantity,
                available,
            })
            .collect();
        if shortages.is_empty() { Ok(()) } else { Err(Error::OutOfStock(shortages)) }
    }
}

/// Everything that the order means, and where in it the stock begins.
fn writes(
    ground: &Ground,
    purchase: &Purchase,
    request: &Request,
    answer: &Answer,
    now: Timestamp,
) -> (Vec<Write>, usize) {
    let Purchase { order, payment } = purchase;
    let entry =
        to_item(keys::order_entry(&order.user, order.created_at, &order.id), &Entry { id: &order.id });
    let mut writes = vec![
        request.record(answer, now),
        order_write(order, Condition::ABSENT),
        Write::Put(entry, Condition::NONE),
        payment_write(order, payment, Condition::ABSENT),
    ];
    writes.extend(ground.cart.as_ref().map(|cart| cart_write(&order.user, cart, &cart.emptied())));
    let first_stock = writes.len();
    writes.extend(order.items.iter().map(|item| take_stock(order, item, now)));
    (writes, first_stock)
}

/// An order's place in its user's list.
#[derive(Serialize)]
struct Entry<'a> {
    id: &'a OrderId,
}

fn take_stock(order: &Order, item: &LineItem, now: Timestamp) -> Write {
    let change = Expression::new(
        "SET available = available - :taken, version = version + :one, updated_at = :now, reason = :reason",
        vec![
            (":taken", number(&item.quantity)),
            (":one", number(&1)),
            (":now", time(now)),
            (":reason", super::reason(order)),
        ],
    );
    let enough = Condition::sellable(item.quantity.get()).telling();
    Write::Update(keys::stock(&item.product_id), change, enough)
}

/// What a refused transaction means: too little stock, if only that was wrong;
/// else something moved, or the request's twin was faster, and it is tried anew.
fn refused(refusal: Refusal, first_stock: usize, order: &Order) -> Result<()> {
    if refusal.touches_first(first_stock) {
        return Ok(());
    }
    let refused = refusal.positions();
    if refused.iter().any(|(_, stock)| stock.as_ref().is_some_and(|stock| stock.contains_key(ARCHIVED))) {
        return Ok(());
    }
    let shortage = |(position, stock): (usize, Option<Item>)| {
        let item = &order.items[position - first_stock];
        let stock: Option<Stock> = stock.map(|stock| from_item("stock", stock)).transpose()?;
        let available = stock.map_or(0, |stock| stock.available);
        Ok(Shortage { product_id: item.product_id.clone(), requested: item.quantity, available })
    };
    Err(Error::OutOfStock(refused.into_iter().map(shortage).collect::<Result<_>>()?))
}

/// Takes the item with this key out of those found.
fn take(found: &mut Vec<Item>, key: &keys::Key) -> Result<Option<Item>> {
    let keys = found.iter().map(|item| key_of("item", item)).collect::<Result<Vec<_>>>()?;
    Ok(keys.iter().position(|found| found == key).map(|index| found.swap_remove(index)))
}
