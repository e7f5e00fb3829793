//! The keeper of the shop: opens it, brings stock in and takes some out, and
//! ends the sale of two products while orders run.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::{Category, Currency, Description, Money, Name, ProductId, Tags};
use http::{Method, StatusCode};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::api::{Api, End};
use crate::client::{Client, NewProduct};
use crate::opening_stock::OpeningStock;

/// What the shop sells.
pub(super) const PRODUCTS: usize = 12;
/// Pieces of each product to begin with: enough to sell, and soon too few.
pub(super) const OPENING_STOCK: u32 = 100;
/// The last products, whose sale ends at these parts of the time.
const ARCHIVED: [(usize, (u32, u32)); 2] = [(PRODUCTS - 2, (1, 2)), (PRODUCTS - 1, (4, 5))];
const PAUSE: std::ops::Range<u64> = 100..400;
/// How often the keeper asks what became of what is still open, when all is quiet.
const INQUIRIES: u32 = 3;

/// The keeper, and what she was told.
pub(super) struct Keeper {
    api: Api,
    random: fastrand::Rng,
    adjustments: Vec<Adjustment>,
    /// Whether the end of a product's sale was acknowledged.
    pub(super) archived: BTreeMap<String, bool>,
    pub(super) wrong: Vec<String>,
}

/// A movement of stock, under its key.
#[derive(Clone, Debug)]
struct Adjustment {
    product: String,
    delta: i64,
    done: bool,
    /// Whether it is still to be heard what became of it.
    open: bool,
}

pub(super) fn product_name(number: usize) -> String {
    format!("product-{number}")
}

impl Keeper {
    pub(super) fn new(api: Api, random: fastrand::Rng) -> Self {
        Self { api, random, adjustments: Vec::new(), archived: BTreeMap::new(), wrong: Vec::new() }
    }

    /// Puts the products into the catalogue, with their first stock.
    pub(super) async fn open_shop(&self, url: &str, token: &str) -> Result<()> {
        let client = Client::new(url, token)?;
        let opening = OpeningStock::new(OPENING_STOCK).expect("a number of pieces").expect("more than none");
        for number in 0..PRODUCTS {
            let product = new_product(number);
            client.create_product(&product).await.with_context(|| format!("creating {}", product.id))?;
            opening.bring_in(&client, &product.id).await.context("bringing in stock")?;
        }
        Ok(())
    }

    pub(super) async fn keep(mut self, start: Instant, end: Instant) -> Self {
        let archive_at = ARCHIVED.map(|(product, (part, of))| (product, start + (end - start) * part / of));
        while Instant::now() < end {
            for (product, _) in archive_at.iter().filter(|(_, at)| Instant::now() >= *at) {
                self.archive_once(&product_name(*product)).await;
            }
            self.adjust_any().await;
            sleep(Duration::from_millis(self.random.u64(PAUSE))).await;
        }
        self
    }

    /// Asks again whatever is undecided.
    pub(super) async fn settle_up(&mut self) {
        for _ in 0..INQUIRIES {
            for index in 0..self.adjustments.len() {
                if self.adjustments[index].open {
                    self.adjust(index).await;
                }
            }
            for product in self.archived.keys().cloned().collect::<Vec<_>>() {
                self.archive_once(&product).await;
            }
        }
    }

    /// Pieces of a product that were ever brought in.
    pub(super) fn brought_in(&self, product: &str) -> i64 {
        let done = self.adjustments.iter().filter(|adjustment| adjustment.done);
        let moved: i64 = done.filter(|done| done.product == product).map(|done| done.delta).sum();
        i64::from(OPENING_STOCK) + moved
    }

    /// What is still to be heard.
    pub(super) fn open(&self) -> impl Iterator<Item = String> {
        let adjustments = self.adjustments.iter().enumerate().filter(|(_, adjustment)| adjustment.open);
        let archived = self.archived.iter().filter(|(_, done)| !**done);
        adjustments
            .map(|(index, _)| format!("the stock adjustment {}", key(index)))
            .chain(archived.map(|(product, _)| format!("the archiving of {product}")))
    }

    async fn adjust_any(&mut self) {
        let product = product_name(self.random.usize(..PRODUCTS));
        // More comes in than goes out, and now and then more is to go out than there is.
        let delta = if self.random.u8(..3) > 0 { self.random.i64(5..40) } else { self.random.i64(-60..0) };
        self.adjustments.push(Adjustment { product, delta, done: false, open: true });
        self.adjust(self.adjustments.len() - 1).await;
    }

    async fn adjust(&mut self, index: usize) {
        let Adjustment { product, delta, .. } = &self.adjustments[index];
        let path = format!("/api/products/{product}/inventory/adjustments");
        let ask = self.api.ask("adjust stock", Method::POST, &path).header("idempotency-key", &key(index));
        let end = self.api.send(&ask.json(&json!({"delta": delta, "reason": "chaos"}))).await;
        self.note(index, &end);
    }

    /// As with orders, a refusal after a sending that was not answered decides nothing.
    fn note(&mut self, index: usize, end: &End) {
        let refused = end.is(StatusCode::CONFLICT) || end.is(StatusCode::NOT_FOUND);
        if end.status.is_some() && !end.is(StatusCode::OK) && !refused {
            self.wrong.push(format!("the stock adjustment {} was answered {}", key(index), end.name()));
        }
        let adjustment = &mut self.adjustments[index];
        adjustment.done = end.is(StatusCode::OK);
        adjustment.open = !adjustment.done && end.unclear;
    }

    async fn archive_once(&mut self, product: &str) {
        if self.archived.get(product) == Some(&true) {
            return;
        }
        let path = format!("/api/products/{product}");
        let seen = self.api.get("read product", &path).await;
        let version: Option<u64> = seen.field("version");
        let gone = match version {
            // A sending that was not answered has done it.
            None => seen.is(StatusCode::NOT_FOUND),
            Some(version) => self.archive(&path, version).await,
        };
        self.archived.insert(product.to_owned(), gone);
    }

    async fn archive(&self, path: &str, version: u64) -> bool {
        let ask = self.api.ask("archive", Method::DELETE, path).header("if-match", &format!("\"{version}\""));
        let end = self.api.send(&ask).await;
        end.is(StatusCode::NO_CONTENT) || end.is(StatusCode::NOT_FOUND)
    }
}

fn key(adjustment: usize) -> String {
    format!("adjustment-{adjustment}")
}

fn new_product(number: usize) -> NewProduct {
    let name = product_name(number);
    NewProduct {
        id: ProductId::new(&name).expect("a short id"),
        name: Name::new(&name).expect("a short name"),
        description: Description::new("").expect("no text is a description"),
        category: Category::new("chaos").expect("a short name"),
        tags: Tags::default(),
        price: Money::price(1_000, Currency::GBP).expect("a price"),
    }
}
