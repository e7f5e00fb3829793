//! Importing a retail file: sales as published in the Online Retail data set
//! become products of the shop, through its HTTP API.
//!
//! The file is read and judged as a whole before the first write, so a broken
//! one changes nothing. What is written is only ever brought up to date, so
//! running an import again completes it, and once more changes nothing.
//!
//! Which rows are used and why others are not is told where it is decided:
//! `sale` for rows, `catalogue` for products made of them, `pence` for prices;
//! how the file itself is read, in `retail`.

mod catalogue;
mod pence;
mod plan;
mod refusal;
mod report;
mod sale;
pub(crate) mod shelf;
mod summary;
mod tally;
mod upload;
mod write;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use domain::Category;
use indicatif::HumanCount;

use self::plan::Plan;
pub use self::summary::Summary;
pub use self::tally::Products;
use self::tally::Tally;
use self::write::Writer;
use crate::client::{self, Client};
use crate::opening_stock::OpeningStock;
use crate::retail::Broken;

/// The category of products that were imported without saying which.
pub const DEFAULT_CATEGORY: &str = "imported";

/// What to import, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file, with the published columns in any order.
    pub file: PathBuf,
    /// The category that all of its products get.
    pub category: String,
    /// Pieces that each product starts with, as far as its stock was never
    /// moved; 0 for none, at most 1,000,000.
    pub stock: u32,
    /// Where to list what was refused; a file of that name is replaced.
    pub report: PathBuf,
    /// The shop, with a token of scope `catalog:write`.
    pub client: Client,
}

/// Imports a file.
///
/// # Errors
/// One sentence for a person: what is wrong with the options or the file, and
/// then nothing was written; or what stopped the writing and what was done.
pub async fn import(options: Options) -> Result<Summary> {
    let started = Instant::now();
    let category = Category::new(&options.category).map_err(|rule| anyhow!("the category {rule}"))?;
    let stock = OpeningStock::new(options.stock).map_err(|rule| anyhow!("the stock {rule}"))?;
    let plan = plan(&options)?;
    let shelf = shelf::read(&options.client, &category, plan.listings.len()).await;
    let shelf = shelf.map_err(|error| not_reached(&error))?;
    let writer =
        Writer { client: &options.client, category: &category, shelf: &shelf, stock: stock.as_ref() };
    let tally = upload::upload(&writer, &plan.listings).await;
    add_to_report(&options, &plan, &tally)?;
    stop_if_stopped(&tally, plan.listings.len())?;
    Ok(Summary {
        rows_read: plan.rows_read,
        rows_used: plan.rows_used,
        refused: summary::by_reason(&plan.refusals),
        products: tally.products,
        took: started.elapsed(),
        report: options.report,
    })
}

/// Reads the file and reports on its rows; nothing is written to the shop.
fn plan(options: &Options) -> Result<Plan> {
    let not_imported = |broken: Broken| {
        anyhow!("{} was not imported and nothing was changed: {broken}", options.file.display())
    };
    let plan = Plan::read(&options.file).map_err(not_imported)?;
    report::write(&options.report, &plan.refusals)?;
    if plan.listings.is_empty() {
        let report = options.report.display().to_string();
        return Err(not_imported(Broken::NoUsableRow { rows: plan.rows_read, report }));
    }
    Ok(plan)
}

fn not_reached(error: &client::Error) -> anyhow::Error {
    anyhow!("nothing was imported: {error}; is `make run` up?")
}

/// Most imports have nothing to add to what was known before writing.
fn add_to_report(options: &Options, plan: &Plan, tally: &Tally) -> Result<()> {
    if tally.refusals.is_empty() {
        return Ok(());
    }
    report::write(&options.report, &[plan.refusals.as_slice(), &tally.refusals].concat())
}

fn stop_if_stopped(tally: &Tally, products: usize) -> Result<()> {
    let Some(cause) = &tally.stopped_by else { return Ok(()) };
    let [done, all, unfinished] = [tally.products.done(), products as u64, tally.unfinished].map(HumanCount);
    bail!(
        "the import stopped after {done} of {all} products ({}; {unfinished} begun and not finished): \
         {cause}; running it again completes it",
        tally.products
    )
}
