//! Trade while faults come and go: is every order accounted for in the end?
//!
//! A system of its own. Shoppers order, pay and cancel, the keeper moves stock,
//! unpaid orders expire, and all of them repeat what was left without an answer
//! under the same key, as they would on AWS. What they were told in the end is
//! held against the table, read past the faults, and against what the API shows.
//!
//! The seed decides who wants what and which faults come when. How it all
//! interleaves the machine decides: a seed that found something may need a few
//! runs to find it again.

mod api;
mod audit;
mod expiry;
mod keeper;
mod meter;
mod provider;
mod report;
mod shopper;
mod table;
mod told;
mod trouble;
mod weather;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::{join_all, try_join_all};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use self::api::Api;
use self::expiry::Expirer;
use self::keeper::{Keeper, PRODUCTS, product_name};
use self::meter::Meter;
use self::provider::Provider;
pub use self::report::Report;
use self::shopper::Shopper;
use self::table::Table;
use self::trouble::LONGEST_DELAY;
use self::weather::Weather;
use crate::faults::{Counts, Fault, Faults};
use crate::stack::{self, Stack};

const SHOPPERS: usize = 20;
/// Longer than any run.
const TOKEN_TTL: Duration = Duration::from_hours(24);
/// Unpaid orders expire in this last part of the run, as if their time were over.
const EXPIRY_FROM: (u32, u32) = (3, 5);

/// How long, and which chances.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the system's keys and logs.
    pub state: PathBuf,
    /// How long faults come and go.
    pub time: Duration,
    /// What chance is derived from.
    pub seed: u64,
}

/// Everyone who does something while faults come and go.
struct Cast {
    shoppers: Vec<Shopper>,
    keeper: Keeper,
    expirer: Expirer,
}

/// Trades, goes through the books, and tells what came of it. `announce` hears
/// of each change of the weather.
///
/// # Errors
/// When the system cannot be started or stocked, or its table not be read. What
/// does not add up is in the report.
pub async fn run(options: &Options, announce: impl FnMut(&str)) -> Result<Report> {
    let stack_options = stack::Options { streams: true, ..stack::Options::for_tests(&options.state) };
    let mut stack = Stack::start(stack_options, |_| {}).await?;
    let report = Box::pin(trade(&mut stack, options, announce)).await;
    stack.stop().await;
    report
}

async fn trade(stack: &mut Stack, options: &Options, mut announce: impl FnMut(&str)) -> Result<Report> {
    let mut random = fastrand::Rng::with_seed(options.seed);
    stack.faults().reseed(random.u64(..));
    let meter = Meter::default();
    let cast = Cast::engage(stack, &meter, &mut random).await?;
    let before = stack.faults().counts();
    let start = Instant::now();
    let acting = cast.act(start, options.time);
    let weather = Weather::new(options.time, random, meter.clone());
    weather.run(stack, start + options.time, &mut announce).await?;
    announce("quiet; whoever has no answer yet asks again");
    let mut cast = acting.await?;
    // What its sender gave up may still happen, that much later.
    sleep(LONGEST_DELAY).await;
    let by_stream = Table::read(&stack.dynamodb()).await?.decided_events();
    cast.settle_up().await;
    announce("a last expiry, and a last order of each product, of which the stream tells nobody");
    stack.stop_streams().await;
    cast.act_last(&stack.faults()).await;
    cast.settle_up().await;
    let (tally, faults) = (meter.so_far(), since(&before, stack.faults().counts()));
    announce("going through the books");
    let table = Table::read(&stack.dynamodb()).await?;
    let mut wrong = audit::audit(&table, &mut cast.shoppers, &cast.keeper).await;
    wrong.extend(tally.failures());
    if by_stream == 0 && !table.events.is_empty() {
        wrong.push("the stream has brought no event to anyone".to_owned());
    }
    Ok(Report::new(options, tally, faults, &table, wrong))
}

impl Cast {
    /// Opens the shop, and lets everyone in.
    async fn engage(stack: &Stack, meter: &Meter, random: &mut fastrand::Rng) -> Result<Self> {
        let token = stack.token("keeper", "catalog:write", TOKEN_TTL)?;
        let keeper = Keeper::new(Api::new(stack.url(), &token, meter)?, random.fork());
        keeper.open_shop(stack.url(), &token).await?;
        let provider = Provider::new(stack, meter)?;
        let shoppers = (1..=SHOPPERS).map(|number| {
            let name = format!("shopper-{number}");
            let api = Api::new(stack.url(), &stack.token(&name, "", TOKEN_TTL)?, meter)?;
            Ok(Shopper::new(&name, api, provider.clone(), random.fork()))
        });
        let expirer = Expirer::new(stack, meter)?;
        Ok(Self { shoppers: shoppers.collect::<Result<_>>()?, keeper, expirer })
    }

    /// Each in a task of its own.
    fn act(self, start: Instant, time: Duration) -> impl Future<Output = Result<Self>> {
        let (from, end) = (start + time * EXPIRY_FROM.0 / EXPIRY_FROM.1, start + time);
        let expirer = tokio::spawn(self.expirer.run(from, end));
        let keeper = tokio::spawn(self.keeper.keep(start, end));
        let shoppers: Vec<JoinHandle<Shopper>> =
            self.shoppers.into_iter().map(|shopper| tokio::spawn(shopper.shop_until(end))).collect();
        async move {
            let shoppers = try_join_all(shoppers).await.context("a shopper's task")?;
            let keeper = keeper.await.context("the keeper's task")?;
            Ok(Self { shoppers, keeper, expirer: expirer.await.context("the expirer's task")? })
        }
    }

    /// Changes, for the last time and among errors, what everyone has just read.
    /// What the cache does not forget now, no later change makes it forget.
    async fn act_last(&mut self, faults: &Faults) {
        faults.inject(Fault::ErrorAfter.on("TransactWriteItems").with_probability(0.5));
        join_all(self.shoppers.iter_mut().map(Shopper::read_pending)).await;
        self.expirer.run_both().await;
        let last = self.shoppers.iter_mut().zip((0..PRODUCTS).map(product_name));
        join_all(last.map(|(shopper, product)| shopper.order_last(product))).await;
        faults.clear();
    }

    /// Asks again whatever is undecided.
    async fn settle_up(&mut self) {
        let shoppers = self.shoppers.iter_mut().map(Shopper::settle_up);
        tokio::join!(join_all(shoppers), self.keeper.settle_up());
        self.expirer.sweep().await;
    }
}

/// What was counted meanwhile.
fn since(before: &Counts, mut after: Counts) -> Counts {
    for (operation, calls) in &mut after.calls {
        *calls -= before.calls_of(operation);
    }
    after
}
