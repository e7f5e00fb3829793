//! Replaying a retail file: its invoices become orders of its customers,
//! through the HTTP API, and what the shop holds afterwards is compared, to the
//! line, with what `scripts/read-invoices` makes of the same file on its own.
//!
//! The rules that both follow:
//! - The catalogue is what `import` makes of the file, with more stock of each
//!   product than a year sells. Nothing expires meanwhile.
//! - The rows of one number and one customer are an invoice. Invoices are taken
//!   in the order of their first rows' time, one after the other.
//! - A row that no order could hold, whatever the shop sells, is refused here
//!   (`line`). All others are sent, and the API refuses in its own words: what
//!   it names falls away, and the rest of the order is sent again.
//! - An invoice that one order does not take becomes several (`parts`).
//! - A cancellation cancels its customer's latest sale that still stands and
//!   has the same pieces of the same products: all of its orders. The API
//!   cancels no part of an order, so a cancellation of less cancels nothing.
//! - Each row of the file has one fate in the end (`fate`).

mod cancel;
mod check;
mod checks;
mod customers;
mod fate;
mod invoices;
mod ledger;
mod line;
mod parts;
mod place;
mod readback;
mod reading;
mod sales;
mod summary;
mod walk;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::Category;

pub use self::check::Check;
use self::customers::Customers;
pub use self::fate::Fate;
use self::readback::Shop;
pub use self::summary::Summary;
use self::walk::Walk;
use crate::client::Client;
use crate::import::{self, DEFAULT_CATEGORY, import};
use crate::stack::Stack;

/// Pieces of each product: the most that an import brings in.
const STOCK: u32 = 1_000_000;
/// A month is replayed in minutes; a year must not end in a refused token.
const TOKEN_TTL: Duration = Duration::from_hours(24);

/// What to replay, and where.
#[derive(Debug)]
pub struct Options<'a> {
    /// The file, with the published columns in any order.
    pub file: PathBuf,
    /// Take only so many invoices, the earliest; all if absent.
    pub limit: Option<usize>,
    /// Where to list each row that became no part of an order; a file of that
    /// name is replaced.
    pub report: PathBuf,
    /// An empty shop, its schedules paused.
    pub stack: &'a Stack,
}

/// Replays a file.
///
/// # Errors
/// One sentence for a person: what is wrong with the file, or what kept the
/// shop from being asked or read. What the checks find is no error here.
pub async fn replay(options: Options<'_>) -> Result<Summary> {
    let started = Instant::now();
    let client =
        Client::new(options.stack.url(), &options.stack.token("importer", "catalog:write", TOKEN_TTL)?)?;
    stock_the_shop(&options, &client).await?;
    let mut walk = Walk::new(Customers::new(options.stack, client.clone()));
    let invoices = walk.read(&options.file, options.limit)?;
    walk.take_all(&invoices).await?;
    walk.ledger.write(&options.report)?;
    let shop = read_back(&walk, &client).await.context("reading back what the shop holds")?;
    let reading = reading::of(options.file, options.limit).await?;
    let checks = checks::all(&walk, &shop, &reading);
    Ok(summary::of(&invoices, &walk, &shop, checks, started.elapsed(), options.report))
}

async fn stock_the_shop(options: &Options<'_>, client: &Client) -> Result<()> {
    let catalogue = import::Options {
        file: options.file.clone(),
        category: DEFAULT_CATEGORY.to_owned(),
        stock: STOCK,
        report: options.report.with_extension("catalogue.csv"),
        client: client.clone(),
    };
    import(catalogue).await.map(drop)
}

async fn read_back(walk: &Walk<'_>, client: &Client) -> Result<Shop> {
    let category = Category::new(DEFAULT_CATEGORY).expect("a short word");
    Ok(Shop {
        orders: readback::orders(&walk.customers).await?,
        products: readback::products(client, &category).await?,
    })
}
