//! Does a page cost more where there is more to list? Nanoseconds of a page of 20 from
//! 100,000 products beside one from 1,000, which are asked in turns.
//!
//! The real routes in process, before the embedded DynamoDB. "From the table" is the first
//! such read of a process whose connection is open: it has nothing in L1, and no L2, which
//! would add the same to both. "Cached" is the same read again, which L1 answers. It is the
//! same few pages all along: what is compared is the work that they make.
#![expect(clippy::print_stdout, reason = "a benchmark prints its row")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::Body;
use domain::{Category, Currency, Description, Money, Name, ProductId, Tags};
use futures::{StreamExt, TryStreamExt, future, stream};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use local::dynamodb::DynamoDb;
use local::project::Project;
use local::template::TABLE_NAME;
use local::testing::{Tokens, environment_at};
use monitoring::Monitoring;
use serde_json::{Value, json};
use store::{Config, NewProduct, Store};
use tower::ServiceExt;

const FEW: u32 = 1_000;
const MANY: u32 = 100_000;
const CATEGORIES: u32 = 10;
/// As many as a store in development lets through at once.
const SIDE_BY_SIDE: usize = 10;
/// Products that one server takes: the next would take longer for each.
const STRIDE: u32 = 5_000;

const ROUNDS: usize = 100;
/// Of one process, within the second that L1 keeps a stock.
const CACHED_READS: usize = 20;
const LIMIT: f64 = 1.2;

/// What opens a connection: of a product that is on none of the pages.
const APART: &str = "/api/products/product-999/inventory";

const LISTS: [(&str, &str); 2] =
    [("everything", "/api/products?"), ("a category", "/api/products?category=category-3&")];

#[tokio::main]
async fn main() -> Result<()> {
    let mut few = Catalogue::of(FEW).await?;
    let mut many = Catalogue::of(MANY).await?;
    for round in 0..ROUNDS {
        for at in 0..few.pages.len() {
            // Whoever comes first finds the machine as another page left it.
            let turns = [&mut few, &mut many];
            for turn in 0..turns.len() {
                turns[(round + turn) % turns.len()].read(at).await?;
            }
        }
    }
    for (many, few) in many.pages.iter().zip(&few.pages) {
        tell(&format!("{}, from the table", many.name), &many.from_table, &few.from_table);
        tell(&format!("{}, cached", many.name), &many.cached, &few.cached);
    }
    Ok(())
}

fn tell(page: &str, many: &[u64], few: &[u64]) {
    let name = format!("page of 20 of {page}, ns, 100,000 products beside 1,000");
    println!("{}", json!({"name": name, "ours": median(many), "other": median(few), "limit": LIMIT}));
}

fn median(numbers: &[u64]) -> u64 {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

/// A shop with so many products, and its pages that are measured.
struct Catalogue {
    environment: BTreeMap<String, String>,
    pages: Vec<Page>,
    server: DynamoDb,
}

struct Page {
    name: String,
    path: String,
    from_table: Vec<u64>,
    cached: Vec<u64>,
}

impl Catalogue {
    async fn of(products: u32) -> Result<Self> {
        let table = Project::find()?.template()?.table()?.without_stream();
        let server = DynamoDb::in_memory(TABLE_NAME, &table).await?;
        let environment = environment_at(server.endpoint(), None, &Tokens::new());
        let mut catalogue = Self { environment, pages: Vec::new(), server };
        for first in (0..products).step_by(STRIDE as usize) {
            catalogue.add(first..products.min(first + STRIDE)).await?;
        }
        catalogue.find_pages(products).await?;
        Ok(catalogue)
    }

    /// Writes products as the shop does, by a server that has not seen many yet.
    async fn add(&mut self, products: Range<u32>) -> Result<()> {
        self.server = self.server.successor()?;
        self.environment.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), self.server.endpoint());
        let config = Config::read(&|name| self.environment.get(name).cloned())?;
        let store = &Store::open(&config, &Monitoring::default())?;
        let create = |number| store.create_product(product(number), Timestamp::now());
        let created = stream::iter(products).map(create).buffer_unordered(SIDE_BY_SIDE);
        Ok(created.try_for_each(|_| future::ok(())).await?)
    }

    async fn find_pages(&mut self, products: u32) -> Result<()> {
        let process = self.process().await?;
        for ((name, list), length) in LISTS.into_iter().zip([products, products / CATEGORIES]) {
            let cursor = cursor_in_the_midst(&process, list, length as usize).await?;
            self.pages.push(Page::new(format!("{name}, the first"), format!("{list}limit=20")));
            let path = format!("{list}limit=20&cursor={cursor}");
            self.pages.push(Page::new(format!("{name}, in the midst"), path));
        }
        Ok(())
    }

    /// A process with its connection open and nothing cached that is asked for.
    async fn process(&self) -> Result<Router> {
        let variable = |name: &str| self.environment.get(name).cloned();
        let router = products::router(&variable, &Monitoring::default())?;
        get(&router, APART).await?;
        Ok(router)
    }

    async fn read(&mut self, at: usize) -> Result<()> {
        let process = self.process().await?;
        let page = &mut self.pages[at];
        page.from_table.push(page.time(&process).await?);
        let mut cached = Vec::with_capacity(CACHED_READS);
        for _ in 0..CACHED_READS {
            cached.push(page.time(&process).await?);
        }
        page.cached.push(median(&cached));
        Ok(())
    }
}

impl Page {
    fn new(name: String, path: String) -> Self {
        Self { name, path, from_table: Vec::new(), cached: Vec::new() }
    }

    async fn time(&self, process: &Router) -> Result<u64> {
        let (page, nanoseconds) = get(process, &self.path).await?;
        ensure!(items(&page) == 20, "a page is full: {}", self.path);
        Ok(nanoseconds)
    }
}

/// Where a page of a list begins that has nearly half of it before it. At the half itself one
/// shard of everything ends and the next begins, which takes a second query at any size.
async fn cursor_in_the_midst(process: &Router, list: &str, length: usize) -> Result<String> {
    let (wanted, mut passed, mut cursor) = (length * 7 / 16, 0, String::new());
    while passed < wanted {
        let limit = (wanted - passed).min(100);
        let (page, _) = get(process, &format!("{list}limit={limit}{cursor}")).await?;
        passed += items(&page);
        let next = page["next_cursor"].as_str().context("the list ends too early")?;
        cursor = format!("&cursor={next}");
    }
    Ok(cursor.trim_start_matches("&cursor=").to_owned())
}

/// What is shown there, and how many nanoseconds it took to answer.
async fn get(process: &Router, path: &str) -> Result<(Value, u64)> {
    let request = Request::get(path).body(Body::empty())?;
    let began = Instant::now();
    let (head, body) = process.clone().oneshot(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    let nanoseconds = u64::try_from(began.elapsed().as_nanos())?;
    ensure!(head.status == StatusCode::OK, "{path}: {}", head.status);
    Ok((serde_json::from_slice(&body)?, nanoseconds))
}

fn items(page: &Value) -> usize {
    page["items"].as_array().map_or(0, Vec::len)
}

fn product(number: u32) -> NewProduct {
    let category = format!("category-{}", number % CATEGORIES);
    NewProduct {
        id: Some(ProductId::new(&format!("product-{number}")).expect("an id")),
        name: Name::new(&format!("Mug {number}")).expect("a name"),
        description: Description::new("For coffee, and for tea as well.").expect("a description"),
        category: Category::new(&category).expect("a category"),
        tags: Tags::default(),
        price: Money::price(255, Currency::GBP).expect("a price"),
    }
}
