//! The last pieces of a product, wanted by many at once: does the shop sell
//! exactly what is there?
//!
//! A system of its own, through its HTTP API, on a table whose transactions
//! conflict as on AWS. Every buyer orders under a key of her own and sends the
//! order again when the shop is busy, as a shop's page would.

mod buyer;
mod report;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::{Category, Currency, Description, IdempotencyKey, Money, Name, ProductId, Reason, Tags};
use futures::future::{join_all, try_join_all};

use self::buyer::{Buyer, Decision};
pub use self::report::Report;
use crate::client::{Adjustment, Client, NewProduct};
use crate::stack::{self, Stack};

/// How long a transaction holds its items: AWS takes about that.
const TRANSACTION: RangeInclusive<Duration> = Duration::from_millis(5)..=Duration::from_millis(20);
const TOKEN_TTL: Duration = Duration::from_hours(1);

/// What is sold to how many.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the system's keys and logs.
    pub state: PathBuf,
    /// Who order at once, one piece of each product.
    pub buyers: usize,
    /// Products, which every other buyer names in the opposite order.
    pub products: usize,
    /// Pieces of each product.
    pub pieces: u32,
}

/// Runs the rush, and tells what came of it.
///
/// # Errors
/// When the system cannot be started, stocked or read. What it sold wrongly is
/// in the report.
pub async fn run(options: &Options) -> Result<Report> {
    let stack = Stack::start(stack::Options::for_tests(&options.state), |_| {}).await?;
    let report = rush(&stack, options).await;
    stack.stop().await;
    report
}

async fn rush(stack: &Stack, options: &Options) -> Result<Report> {
    let shop = Client::new(stack.url(), &stack.token("keeper", "catalog:write", TOKEN_TTL)?)?;
    let products: Vec<ProductId> = (1..=options.products).map(product_id).collect();
    for product in &products {
        stock(&shop, product, options.pieces).await.with_context(|| format!("stocking {product}"))?;
    }
    let before = stack.faults().counts();
    stack.faults().set_conflicts(Some(TRANSACTION));
    let start = Instant::now();
    let decisions = order_at_once(stack, &products, options.buyers).await?;
    let took = start.elapsed();
    stack.faults().set_conflicts(None);
    let after = stack.faults().counts();
    let sold = try_join_all(decisions.iter().map(|decision| decision.pieces(stack.url()))).await?;
    let left = try_join_all(products.iter().map(|product| shop.inventory(product))).await?;
    Ok(Report {
        buyers: options.buyers,
        pieces: options.pieces.into(),
        took,
        transactions: after.calls_of("TransactWriteItems") - before.calls_of("TransactWriteItems"),
        conflicts: after.conflicts - before.conflicts,
        sold: (0..products.len()).map(|index| sold.iter().map(|pieces| pieces[index]).sum()).collect(),
        left: left.iter().map(|stock| stock.available).collect(),
        decisions,
    })
}

fn product_id(number: usize) -> ProductId {
    ProductId::new(&format!("rare-{number}")).expect("a short id")
}

async fn stock(shop: &Client, id: &ProductId, pieces: u32) -> Result<()> {
    let new = NewProduct {
        id: id.clone(),
        name: Name::new(id.as_str()).expect("a short name"),
        description: Description::new("").expect("no text is a description"),
        category: Category::new("rare").expect("a short name"),
        tags: Tags::default(),
        price: Money::price(1_000, Currency::GBP).expect("a price"),
    };
    shop.create_product(&new).await?;
    let reason = Reason::new("the last ones").expect("a short line");
    let key = IdempotencyKey::new(&format!("stock-{id}")).expect("an id is short and visible");
    shop.adjust_stock(id, &Adjustment { delta: pieces.into(), reason }, &key).await?;
    Ok(())
}

/// All buyers on connections of their own, in tasks of their own.
async fn order_at_once(stack: &Stack, products: &[ProductId], buyers: usize) -> Result<Vec<Decision>> {
    let products: Arc<[ProductId]> = products.into();
    let http = buyer::http_client()?;
    let buyers = (0..buyers).map(|number| {
        let name = format!("buyer-{number}");
        let token = stack.token(&name, "", TOKEN_TTL)?;
        let backwards = number % 2 == 1;
        Ok(Buyer { http: http.clone(), name, token, products: products.clone(), backwards })
    });
    let url: Arc<str> = stack.url().into();
    let orders = buyers.map(|buyer: Result<Buyer>| Ok(tokio::spawn(buyer?.order(url.clone()))));
    let orders = orders.collect::<Result<Vec<_>>>()?;
    join_all(orders).await.into_iter().map(|order| order.context("a buyer's task")).collect()
}
