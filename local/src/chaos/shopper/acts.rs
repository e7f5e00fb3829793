//! What a shopper does next, and how often each of it.

use domain::OrderId;
use http::Method;
use serde_json::{Value, json};

use super::Shopper;
use crate::chaos::keeper::{PRODUCTS, product_name};
use crate::chaos::told::Placement;

/// What a shopper can do; what stands here twice is done twice as often.
const ACTS: [Act; 18] = [
    Act::Browse,
    Act::Browse,
    Act::FillCart,
    Act::FillCart,
    Act::FillCart,
    Act::ShowCart,
    Act::OrderCart,
    Act::OrderCart,
    Act::Order,
    Act::Order,
    Act::Order,
    Act::ReadOrder,
    Act::ReadOrder,
    Act::ListOrders,
    Act::Cancel,
    Act::Pay,
    Act::Pay,
    Act::PayAndCancel,
];
/// One of so many orders is sent twice at once, as by an impatient finger.
const TWICE: u32 = 6;
/// Orders that a shopper still thinks of.
const RECENT: usize = 8;

#[derive(Clone, Copy)]
enum Act {
    Browse,
    FillCart,
    ShowCart,
    OrderCart,
    Order,
    ReadOrder,
    ListOrders,
    Cancel,
    Pay,
    PayAndCancel,
}

impl Shopper {
    pub(super) async fn act(&mut self) {
        match *self.random.choice(&ACTS).expect("there is much to do") {
            Act::Browse => self.browse().await,
            Act::FillCart => self.fill_cart().await,
            Act::ShowCart => drop(self.api.get("read cart", "/api/cart").await),
            Act::OrderCart => self.order_cart().await,
            Act::Order => {
                let items = self.items();
                self.place_new(json!({"items": items})).await;
            }
            Act::ListOrders => drop(self.api.get("list orders", "/api/orders").await),
            act => {
                if let Some(order) = self.recent() {
                    self.act_on(act, &order).await;
                }
            }
        }
    }

    /// Orders one product, and nothing else, by the cart, and pays it.
    pub(in crate::chaos) async fn order_last(&mut self, product: String) {
        drop(self.api.send(&self.api.ask("empty cart", Method::DELETE, "/api/cart")).await);
        self.put(&product).await;
        let _in_the_cache_now = self.available(&product).await;
        self.order_cart().await;
        if let Some(order) = self.told.placements.last().and_then(|placement| placement.order.clone()) {
            self.pay(&order).await;
        }
    }

    async fn act_on(&mut self, act: Act, order: &OrderId) {
        match act {
            Act::Cancel => self.cancel(order).await,
            Act::Pay => self.pay(order).await,
            Act::PayAndCancel => self.pay_and_cancel(order).await,
            _ => drop(self.shown(order).await),
        }
    }

    async fn browse(&mut self) {
        if self.random.bool() {
            drop(self.api.get("browse", "/api/products").await);
        } else {
            let product = self.product();
            drop(self.api.get("read product", &format!("/api/products/{product}")).await);
        }
    }

    async fn fill_cart(&mut self) {
        let product = self.product();
        self.put(&product).await;
    }

    async fn put(&mut self, product: &str) {
        let path = format!("/api/cart/items/{product}");
        let item = self.api.ask("fill cart", Method::PUT, &path);
        let quantity = self.quantity();
        drop(self.api.send(&item.json(&json!({"quantity": quantity}))).await);
    }

    /// A cart that cannot be ordered is emptied: something in it is not sold
    /// any more, and would be refused for ever.
    async fn order_cart(&mut self) {
        self.place_new(json!({"from_cart": true})).await;
        if self.told.placements.last().is_some_and(|placement| placement.order.is_none()) {
            drop(self.api.send(&self.api.ask("empty cart", Method::DELETE, "/api/cart")).await);
        }
    }

    async fn place_new(&mut self, body: Value) {
        let index = self.told.placements.len();
        self.told.placements.push(Placement::new(format!("{}-{index}", self.name), body));
        if self.random.u32(..TWICE) > 0 {
            return self.place(index).await;
        }
        let order = self.order(&self.told.placements[index]);
        let (one, other) = tokio::join!(self.api.send(&order), self.api.send(&order));
        self.told.placed(index, &[one, other]);
    }

    async fn pay_and_cancel(&mut self, order: &OrderId) {
        let (total, cancelling) = (self.told.totals[order], self.cancelling(order));
        let (paid, cancelled) = tokio::join!(self.provider.pay(order, total), self.api.send(&cancelling));
        self.note_payment(order, paid);
        self.told.cancel(order, &cancelled);
    }

    /// One of the latest orders that were acknowledged.
    fn recent(&mut self) -> Option<OrderId> {
        let back = self.random.usize(..RECENT);
        let placed = self.told.placements.iter().rev().filter_map(|placement| placement.order.clone());
        placed.take(back + 1).last()
    }

    fn items(&mut self) -> Vec<Value> {
        let count = self.random.usize(1..=4);
        let item = |_| json!({"product_id": self.product(), "quantity": self.quantity()});
        (0..count).map(item).collect()
    }

    fn product(&mut self) -> String {
        product_name(self.random.usize(..PRODUCTS))
    }

    fn quantity(&mut self) -> i64 {
        self.random.i64(1..=3)
    }
}
