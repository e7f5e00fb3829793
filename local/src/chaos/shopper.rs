//! One who browses, orders, pays and cancels as chance will have it, and
//! remembers what she was told.

mod acts;

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{OrderId, OrderStatus};
use http::{Method, StatusCode};
use tokio::time::{Instant, sleep};

use super::api::{Api, Ask};
use super::provider::Provider;
use super::told::{Placement, Told};

/// Between two things that a shopper does, in milliseconds.
const PAUSE: std::ops::Range<u64> = 20..200;
/// How often a shopper asks what became of what is still open, when all is quiet.
const INQUIRIES: u32 = 3;
/// Few enough that a history has several pages.
const PAGE: usize = 20;

/// One shopper.
pub(super) struct Shopper {
    pub(super) name: String,
    pub(super) told: Told,
    api: Api,
    provider: Provider,
    random: fastrand::Rng,
}

/// An order as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(super) struct Shown {
    pub(super) id: OrderId,
    pub(super) status: OrderStatus,
}

impl Shopper {
    pub(super) fn new(name: &str, api: Api, provider: Provider, random: fastrand::Rng) -> Self {
        Self { name: name.to_owned(), told: Told::default(), api, provider, random }
    }

    pub(super) async fn shop_until(mut self, end: Instant) -> Self {
        while Instant::now() < end {
            self.act().await;
            sleep(Duration::from_millis(self.random.u64(PAUSE))).await;
        }
        self
    }

    /// Asks again whatever is undecided.
    pub(super) async fn settle_up(&mut self) {
        for _ in 0..INQUIRIES {
            for index in 0..self.told.placements.len() {
                if self.told.placements[index].open {
                    self.place(index).await;
                }
            }
            for order in self.told.cancels_open.clone() {
                self.cancel(&order).await;
            }
            for order in self.told.payments_open.clone() {
                self.pay(&order).await;
            }
        }
    }

    /// Reads, and so brings into the cache, the orders that may still change.
    pub(super) async fn read_pending(&mut self) {
        let pending = self.history().await.into_iter();
        for order in pending.filter(|order| order.status == OrderStatus::PendingPayment) {
            self.shown(&order.id).await;
        }
    }

    /// Sends every order that was acknowledged once more: which order is it?
    pub(super) async fn place_again(&mut self) {
        for index in 0..self.told.placements.len() {
            if self.told.placements[index].order.is_some() {
                self.place(index).await;
            }
        }
    }

    /// The whole history as the API lists it, the newest first.
    pub(super) async fn history(&mut self) -> Vec<Shown> {
        let (mut orders, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.api.get("list orders", &format!("/api/orders?limit={PAGE}{cursor}")).await;
            let Some(items) = page.field::<Vec<Shown>>("items") else {
                self.told.wrong.push(format!("the orders of {} were answered {}", self.name, page.name()));
                return orders;
            };
            orders.extend(items);
            let Some(next) = page.field::<String>("next_cursor") else { return orders };
            cursor = format!("&cursor={next}");
        }
    }

    /// An order as the API shows it alone.
    pub(super) async fn shown(&mut self, order: &OrderId) -> Option<Shown> {
        let end = self.api.get("read order", &format!("/api/orders/{order}")).await;
        if end.status.is_some() && !end.is(StatusCode::OK) {
            self.told.wrong.push(format!("order {order} was answered {}", end.name()));
        }
        let shown = Shown { id: end.field("id")?, status: end.field("status")? };
        // No other process has a say in it: what cancelled it shows it too.
        if self.told.cancelled.contains(order) && shown.status != OrderStatus::Cancelled {
            self.told.wrong.push(format!("order {order} was cancelled and then shown as {}", shown.status));
        }
        Some(shown)
    }

    /// Pieces of a product as the API shows them; none if it does not.
    pub(super) async fn available(&self, product: &str) -> Option<i64> {
        self.api.get("read stock", &format!("/api/products/{product}/inventory")).await.field("available")
    }

    /// Products that the API lists.
    pub(super) async fn listed(&self) -> BTreeSet<String> {
        #[derive(serde::Deserialize)]
        struct Listed {
            id: String,
        }
        let page = self.api.get("browse", "/api/products?limit=100").await;
        let items: Vec<Listed> = page.field("items").unwrap_or_default();
        items.into_iter().map(|listed| listed.id).collect()
    }

    async fn place(&mut self, index: usize) {
        let end = self.api.send(&self.order(&self.told.placements[index])).await;
        self.told.placed(index, &[end]);
    }

    fn order(&self, placement: &Placement) -> Ask {
        let order = self.api.ask("order", Method::POST, "/api/orders");
        order.header("idempotency-key", &placement.key).json(&placement.body)
    }

    async fn cancel(&mut self, order: &OrderId) {
        let end = self.api.send(&self.cancelling(order)).await;
        self.told.cancel(order, &end);
    }

    fn cancelling(&self, order: &OrderId) -> Ask {
        self.api.ask("cancel", Method::POST, &format!("/api/orders/{order}/cancel"))
    }

    async fn pay(&mut self, order: &OrderId) {
        let paid = self.provider.pay(order, self.told.totals[order]).await;
        self.note_payment(order, paid);
    }

    fn note_payment(&mut self, order: &OrderId, paid: Result<bool, String>) {
        match paid {
            Ok(acknowledged) => self.told.payment(order, acknowledged),
            Err(answer) => {
                self.told.wrong.push(format!("the payment of order {order} was answered {answer}"));
            }
        }
    }
}
