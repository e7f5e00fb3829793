//! What each request asks of the cache and the table, as these see it, beside the
//! table of docs/round-trips.md.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/functions.rs"]
mod functions;

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use cache::redis::{Client, Connection, cmd};
use http::Request;
use jiff::Timestamp;
use local::provider::{Event, Signer};
use local::testing::{Answer, Database, Redis, Tokens, environment, send};
use monitoring::Monitoring;
use serde_json::{Value, json};

use functions::function;

const DOCUMENT: &str = include_str!("../../docs/round-trips.md");
const NOBODYS_ORDER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const SECRET: &str = "whsec_of_a_test_that_counts_round_trips";

/// A shop, and what it takes to see what is asked of its parts.
struct Shop {
    database: Database,
    _redis: Redis,
    environment: BTreeMap<String, String>,
    tokens: Tokens,
    watch: Connection,
    rows: Vec<[String; 4]>,
}

/// A process of the function that a path leads to, with its connections open.
struct Process(Router);

type Call<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Value);

impl Shop {
    async fn open() -> Self {
        let (database, redis, tokens) = (Database::memory().await, Redis::start().await, Tokens::new());
        let mut environment = environment(&database, Some(&redis), &tokens);
        environment.insert("STRIPE_WEBHOOK_SECRETS".to_owned(), SECRET.to_owned());
        environment.insert("STANDARD_WEBHOOK_SECRETS".to_owned(), String::new());
        let watch = Client::open(redis.url()).unwrap().get_connection().unwrap();
        Self { database, _redis: redis, environment, tokens, watch, rows: Vec::new() }
    }

    async fn process(&self, path: &str) -> Process {
        let process = Process(function(path, &self.environment).await);
        let first = match path.split(['/', '?']).nth(2).unwrap() {
            "webhooks" => payment(NOBODYS_ORDER, "evt_first"),
            "products" => self.request("bob", &("GET", "/api/products/cup", &[], Value::Null)),
            "cart" => self.request("bob", &("GET", "/api/cart", &[], Value::Null)),
            "orders" => self.request("bob", &("GET", "/api/orders", &[], Value::Null)),
            _ => self.request("bob", &("GET", path, &[], Value::Null)),
        };
        send(&process.0, first).await;
        process
    }

    fn request(&self, user: &str, (method, path, headers, body): &Call<'_>) -> Request<Body> {
        let mut request = Request::builder().method(*method).uri(*path);
        request =
            request.header("authorization", format!("Bearer {}", self.tokens.mint(user, "catalog:write")));
        request = request.header("content-type", "application/json");
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        request.body(body).unwrap()
    }

    /// Sends a request, and says what that asked.
    async fn trips(&mut self, process: &Process, request: Request<Body>) -> (Answer, String) {
        let reads = self.reads();
        self.database.faults().start_recording();
        let answer = send(&process.0, request).await;
        let calls = self.database.faults().stop_recording();
        assert!(answer.status < 400, "{}", answer.text);
        // Asking how often it was asked is one of the times.
        let asked = self.reads() - reads - 1;
        let cache = match asked {
            0 => None,
            1 => Some("L2".to_owned()),
            more => Some(format!("L2 × {more}")),
        };
        let calls = calls.into_iter().map(|call| call.operation);
        let all: Vec<String> = cache.into_iter().chain(calls).collect();
        (answer, if all.is_empty() { "nothing".to_owned() } else { all.join(", ") })
    }

    /// How often the server has read from a connection: a pipeline is read at once.
    fn reads(&mut self) -> u64 {
        let stats: String = cmd("INFO").arg("stats").query(&mut self.watch).unwrap();
        let line = stats.lines().find_map(|line| line.strip_prefix("total_reads_processed:")).unwrap();
        line.trim().parse().unwrap()
    }

    /// A read, by a process that reads it for the second time, by one that finds it in
    /// L2, and by the first of all.
    async fn reads_of(&mut self, name: &str, path: &str) {
        let call: Call<'_> = ("GET", path, &[], Value::Null);
        let first = self.process(path).await;
        cmd("FLUSHALL").exec(&mut self.watch).unwrap();
        let (_, of_all) = self.trips(&first, self.request("ann", &call)).await;
        let second = self.process(path).await;
        let (_, in_process) = self.trips(&second, self.request("ann", &call)).await;
        let (_, again) = self.trips(&second, self.request("ann", &call)).await;
        self.rows.push([format!("`GET {name}`"), again, in_process, of_all]);
    }

    /// A write, whose trips do not depend on what is cached.
    async fn write(&mut self, name: &str, call: Call<'_>) -> Answer {
        let process = self.process(call.1).await;
        let (answer, trips) = self.trips(&process, self.request("ann", &call)).await;
        self.rows.push([name.to_owned(), trips.clone(), trips.clone(), trips]);
        answer
    }

    /// What no row tells of.
    async fn send(&mut self, call: Call<'_>) {
        let process = self.process(call.1).await;
        self.trips(&process, self.request("ann", &call)).await;
    }

    async fn event(&mut self, name: &str, order: &str) {
        let process = self.process("/api/webhooks/stripe").await;
        let (_, trips) = self.trips(&process, payment(order, "evt_1")).await;
        self.rows.push([name.to_owned(), trips.clone(), trips.clone(), trips]);
    }
}

/// The rows of the document's tables: of a write, the same thing three times.
fn documented() -> Vec<[String; 4]> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
    cells
        .map(|cells: Vec<String>| match cells.as_slice() {
            [name, again, in_process, of_all] => [name, again, in_process, of_all].map(Clone::clone),
            [name, trips] => [name, trips, trips, trips].map(Clone::clone),
            _ => unreachable!("a table has two columns or four"),
        })
        .collect()
}

fn lines(rows: &[[String; 4]]) -> String {
    rows.iter().map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n")
}

fn product(id: &str, category: &str) -> Value {
    json!({"id": id, "name": format!("The {id}"), "category": category,
        "price": {"amount": 255, "currency": "GBP"}})
}

/// A provider's event, signed.
fn payment(order: &str, id: &str) -> Request<Body> {
    let money = domain::Money::price(255, domain::Currency::GBP).unwrap();
    let event = Event::succeeded(&domain::OrderId::new(order).unwrap(), money).with_id(id);
    let headers = Signer::stripe(SECRET).headers(&event, Timestamp::now());
    let mut request = Request::builder().method("POST").uri("/api/webhooks/stripe");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Body::from(event.body())).unwrap()
}

async fn catalogue(shop: &mut Shop) {
    for id in ["cup", "jug"] {
        shop.send(("POST", "/api/products", &[], product(id, "office"))).await;
    }
    shop.write("`POST /api/products`", ("POST", "/api/products", &[], product("mug", "kitchen"))).await;
    let (stock, delivery) =
        ("/api/products/mug/inventory/adjustments", json!({"delta": 50, "reason": "delivery"}));
    let name = "`POST /api/products/{id}/inventory/adjustments`";
    shop.write(name, ("POST", stock, &[("idempotency-key", "delivery")], delivery.clone())).await;
    shop.write(&format!("{name} again"), ("POST", stock, &[("idempotency-key", "delivery")], delivery)).await;
    let price = json!({"price": {"amount": 240, "currency": "GBP"}});
    let (name, path) = ("`PUT /api/products/{id}/pricing`", "/api/products/mug/pricing");
    shop.write(name, ("PUT", path, &[("if-match", "\"1\"")], price)).await;
    let (name, path) = ("`PATCH /api/products/{id}`", "/api/products/mug");
    shop.write(name, ("PATCH", path, &[("if-match", "\"2\"")], json!({"name": "Mug"}))).await;
    let (name, path) = ("`DELETE /api/products/{id}`", "/api/products/jug");
    shop.write(name, ("DELETE", path, &[("if-match", "\"1\"")], Value::Null)).await;
    shop.reads_of("/api/products/{id}", "/api/products/mug").await;
    shop.reads_of("/api/products/{id}/pricing", "/api/products/mug/pricing").await;
    shop.reads_of("/api/products/{id}/inventory", "/api/products/mug/inventory").await;
    shop.reads_of("/api/products?category=", "/api/products?category=kitchen").await;
    shop.reads_of("/api/products/search?q=", "/api/products/search?q=mug").await;
}

async fn customer(shop: &mut Shop) -> String {
    let profile = json!({"name": "Ann", "email": "ann@example.com"});
    shop.write("`PUT /api/users/me`", ("PUT", "/api/users/me", &[("if-none-match", "*")], profile)).await;
    shop.reads_of("/api/users/me", "/api/users/me").await;
    let (item, one) = ("/api/cart/items/mug", json!({"quantity": 1}));
    shop.send(("GET", "/api/products/mug", &[], Value::Null)).await;
    shop.write("`PUT /api/cart/items/{product_id}`", ("PUT", item, &[], one.clone())).await;
    shop.reads_of("/api/cart", "/api/cart").await;
    shop.write("`DELETE /api/cart/items/{product_id}`", ("DELETE", item, &[], Value::Null)).await;
    shop.send(("PUT", item, &[], one.clone())).await;
    shop.write("`DELETE /api/cart`", ("DELETE", "/api/cart", &[], Value::Null)).await;
    shop.send(("PUT", item, &[], one)).await;
    let basket = json!({"items": [{"product_id": "mug", "quantity": 1}]});
    let order = ("POST", "/api/orders", &[("idempotency-key", "basket")][..], basket);
    let placed = shop.write("`POST /api/orders`", order.clone()).await;
    shop.write("`POST /api/orders` again", order).await;
    let cart = ("POST", "/api/orders", &[("idempotency-key", "cart")][..], json!({"from_cart": true}));
    let from_cart = shop.write("`POST /api/orders` of the cart", cart).await;
    let cancel = format!("/api/orders/{}/cancel", from_cart.id());
    shop.write("`POST /api/orders/{id}/cancel`", ("POST", &cancel, &[], Value::Null)).await;
    let order = format!("/api/orders/{}", placed.id());
    shop.reads_of("/api/orders/{id}", &order).await;
    shop.reads_of("/api/orders", "/api/orders").await;
    placed.id().to_owned()
}

#[tokio::test]
async fn each_request_asks_what_the_document_says() {
    let mut shop = Shop::open().await;
    catalogue(&mut shop).await;
    let order = customer(&mut shop).await;
    shop.event("`POST /api/webhooks/stripe`", &order).await;
    shop.event("`POST /api/webhooks/stripe` again", &order).await;
    shop.reads_of("/api/health", "/api/health").await;
    let (mut seen, mut documented) = (shop.rows, documented());
    seen.sort();
    documented.sort();
    assert_eq!(lines(&seen), lines(&documented));
}

#[tokio::test]
async fn the_first_request_of_a_process_finds_the_connection_of_its_init() {
    let mut shop = Shop::open().await;
    shop.send(("POST", "/api/products", &[], product("cup", "office"))).await;
    shop.send(("GET", "/api/products/cup", &[], Value::Null)).await;
    let monitoring = Monitoring::default();
    let router = products::router(&|name| shop.environment.get(name).cloned(), &monitoring).unwrap();
    monitoring.init(Duration::from_secs(10)).await;
    let request = shop.request("ann", &("GET", "/api/products/cup", &[], Value::Null));
    assert_eq!(shop.trips(&Process(router), request).await.1, "L2");
}
