//! A shop of one test's own, and how a test speaks to it.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use domain::{Category, Currency, Description, Money, Name, ProductId, Tags, Version};
pub(crate) use local::testing::{Answer, send};
use local::testing::{Database, Redis, Tokens, environment};
use monitoring::Monitoring;
use serde_json::{Value, json};
use store::{NewProduct, Store};

pub(crate) const CART: &str = "/api/cart";

pub(crate) struct Shop {
    pub(crate) redis: Redis,
    pub(crate) tokens: Tokens,
    /// The catalogue, as the products function has it.
    pub(crate) store: Store,
    environment: BTreeMap<String, String>,
    router: Router,
    _database: Database,
}

/// A function's process as one user sees it.
pub(crate) struct User {
    token: String,
    router: Router,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let (database, redis, tokens) = (Database::memory().await, Redis::start().await, Tokens::new());
        let environment = environment(&database, Some(&redis), &tokens);
        let (store, router) = (open_store(&environment), router(&environment));
        Self { redis, tokens, store, environment, router, _database: database }
    }

    pub(crate) fn user(&self, name: &str) -> User {
        User { token: self.tokens.mint(name, ""), router: self.router.clone() }
    }

    /// The same user on another process of the function: with its own
    /// connections, and nothing in memory.
    pub(crate) fn in_another_process(&self, name: &str) -> User {
        User { router: router(&self.environment), ..self.user(name) }
    }

    /// A product in the catalogue, at so many pence.
    pub(crate) async fn stock(&self, id: &str, pence: i64) {
        self.stock_in(id, pence, "GBP").await;
    }

    pub(crate) async fn stock_in(&self, id: &str, amount: i64, currency: &str) {
        let currency = Currency::new(currency).expect("a currency");
        let new = NewProduct {
            id: Some(product(id)),
            name: Name::new(&format!("The {id}")).expect("a name"),
            description: Description::new("").expect("a description"),
            category: Category::new("c").expect("a category"),
            tags: Tags::default(),
            price: Money::price(amount, currency).expect("a price"),
        };
        self.store.create_product(new, api::now()).await.expect("created");
    }

    /// So many products, `p0` and on.
    pub(crate) async fn stock_many(&self, count: usize) {
        futures::future::join_all((0..count).map(|n| async move { self.stock(&format!("p{n}"), 100).await }))
            .await;
    }

    pub(crate) async fn archive(&self, id: &str) {
        let seen = Version::FIRST;
        self.store.archive_product(&product(id), seen, api::now()).await.expect("archived");
    }

    /// The same user on a process with other settings.
    pub(crate) fn with(&self, settings: &[(&str, &str)], name: &str) -> User {
        let mut environment = self.environment.clone();
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        User { router: router(&environment), ..self.user(name) }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }
}

impl User {
    /// The cart.
    pub(crate) async fn cart(&self) -> Value {
        let answer = self.send("GET", CART, &[], &Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.body
    }

    pub(crate) async fn set(&self, id: &str, quantity: i64) -> Answer {
        self.set_to(id, &json!({"quantity": quantity}), &[]).await
    }

    pub(crate) async fn set_to(&self, id: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        self.send("PUT", &item(id), headers, body).await
    }

    pub(crate) async fn remove(&self, id: &str) -> Answer {
        self.delete(&item(id), &[]).await
    }

    pub(crate) async fn empty(&self) -> Answer {
        self.delete(CART, &[]).await
    }

    pub(crate) async fn delete(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("DELETE", path, headers, &Value::Null).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {}", self.token));
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&self.router, request.body(body).expect("a request")).await
    }
}

/// The path of a line of the cart.
pub(crate) fn item(id: &str) -> String {
    format!("/api/cart/items/{id}")
}

/// What the cart holds, as (product, quantity).
pub(crate) fn lines(cart: &Value) -> Vec<(&str, i64)> {
    let items = cart["items"].as_array().expect("items");
    let line = |item: &'_ Value| item["quantity"].as_i64().expect("a quantity");
    items.iter().map(|item| (item["product_id"].as_str().expect("an id"), line(item))).collect()
}

pub(crate) fn pounds(pence: i64) -> Value {
    json!({"amount": pence, "currency": "GBP"})
}

fn product(id: &str) -> ProductId {
    ProductId::new(id).expect("an id")
}

fn router(environment: &BTreeMap<String, String>) -> Router {
    let variable = |name: &str| environment.get(name).cloned();
    carts::router(&variable, &Monitoring::default()).expect("the environment is complete")
}

fn open_store(environment: &BTreeMap<String, String>) -> Store {
    let config = store::Config::read(&|name| environment.get(name).cloned()).expect("a full environment");
    Store::open(&config, &Monitoring::default()).expect("a good configuration")
}
