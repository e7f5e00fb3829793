//! A shop of one test's own, and how a test speaks to it.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use domain::{
    Adjustment, Category, Currency, Delta, Description, IdempotencyKey, Money, Name, ProductId, Reason, Tags,
    UserId, Version,
};
pub(crate) use local::testing::{Answer, send};
use local::testing::{Database, Redis, Tokens, environment};
use monitoring::Monitoring;
use serde_json::{Value, json};
use store::{Config, Event, NewProduct, Store};

pub(crate) struct Shop {
    pub(crate) store: Store,
    pub(crate) database: Database,
    _redis: Redis,
    tokens: Tokens,
    environment: BTreeMap<String, String>,
    router: Router,
}

impl Shop {
    /// With 10 mugs at 2.55 and 5 cups at 1.20 pounds.
    pub(crate) async fn open() -> Self {
        let (database, redis, tokens) = (Database::memory().await, Redis::start().await, Tokens::new());
        let environment = environment(&database, Some(&redis), &tokens);
        let (router, store) = (router(&environment), open(&environment));
        let shop = Self { store, database, _redis: redis, tokens, environment, router };
        shop.stock("mug", pounds(255), 10).await;
        shop.stock("cup", pounds(120), 5).await;
        shop
    }

    /// Another process of the same function: its own connections, and no memory.
    pub(crate) fn another_process(&self) -> Router {
        router(&self.environment)
    }

    /// A process with other settings.
    pub(crate) fn process_with(&self, settings: &[(&str, &str)]) -> Router {
        let mut environment = self.environment.clone();
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        router(&environment)
    }

    /// A process that dies before the cache hears of what it wrote.
    pub(crate) fn dying_process(&self) -> Store {
        let mut environment = self.environment.clone();
        environment.insert("CACHE_URL".to_owned(), String::new());
        open(&environment)
    }

    pub(crate) async fn get(&self, user: &str, path: &str) -> Answer {
        send(&self.router, self.request(user, "GET", path, &[], &Value::Null)).await
    }

    pub(crate) async fn post(
        &self,
        user: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        send(&self.router, self.request(user, "POST", path, headers, body)).await
    }

    pub(crate) async fn order(&self, user: &str, key: &str, body: &Value) -> Answer {
        self.post(user, "/api/orders", &[("idempotency-key", key)], body).await
    }

    /// An order of so many mugs, which is there.
    pub(crate) async fn order_mugs(&self, user: &str, key: &str, pieces: i64) -> Answer {
        let answer = self.order(user, key, &mugs(pieces)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer
    }

    pub(crate) fn request(
        &self,
        user: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Request<Body> {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let mut request = Request::builder().method(method).uri(path);
        let token = self.tokens.mint(user, "");
        request = request.header("authorization", format!("Bearer {token}"));
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).expect("a request")
    }

    /// The provider says that the order's total was captured.
    pub(crate) async fn paid(&self, placed: &Answer) {
        let total = &placed.body["total"];
        let object = json!({
            "id": "pi_1",
            "amount_received": total["amount"],
            "currency": total["currency"],
            "metadata": {"order_id": placed.id()},
        });
        let body = json!({"type": "payment_intent.succeeded", "data": {"object": object}}).to_string();
        let key = format!("stripe/evt_{}", placed.id()).parse().expect("a name");
        let event = Event { key, body: body.into_bytes(), received_at: api::now() };
        self.store.keep_event(&event).await.expect("kept");
        self.store.apply_event(&event, api::now()).await.expect("applied");
    }

    pub(crate) async fn stock(&self, id: &str, price: Money, pieces: i64) {
        let new = NewProduct {
            id: Some(product(id)),
            name: Name::new(&format!("A {id}")).expect("a name"),
            description: Description::new("").expect("a description"),
            category: Category::new("kitchen").expect("a category"),
            tags: Tags::default(),
            price,
        };
        self.store.create_product(new, api::now()).await.expect("created");
        self.adjust(id, pieces).await;
    }

    pub(crate) async fn adjust(&self, id: &str, pieces: i64) {
        let adjustment = Adjustment {
            delta: Delta::new(pieces).expect("a delta"),
            reason: Reason::new("count").expect("a reason"),
        };
        let key = IdempotencyKey::new(&format!("{id} {}", api::now())).expect("a key");
        let request = store::Request::new(&user("ed"), &key, id, &pieces);
        self.store.adjust_stock(&product(id), &adjustment, &request, api::now()).await.expect("adjusted");
    }

    /// Pieces in stock, as the next process reads it.
    pub(crate) async fn available(&self, id: &str) -> i64 {
        open(&self.environment).stock(&product(id)).await.expect("a stock").available
    }

    pub(crate) async fn set_price(&self, store: &Store, id: &str, price: Money) {
        let seen = store.price(&product(id)).await.expect("a price").version;
        store.set_price(&product(id), seen, price, api::now()).await.expect("set");
    }

    pub(crate) async fn archive(&self, store: &Store, id: &str) {
        let seen = Version::FIRST;
        store.archive_product(&product(id), seen, api::now()).await.expect("archived");
    }
}

pub(crate) fn mugs(pieces: i64) -> Value {
    json!({"items": [{"product_id": "mug", "quantity": pieces}]})
}

pub(crate) fn pounds(pence: i64) -> Money {
    Money::price(pence, Currency::GBP).expect("a price")
}

pub(crate) fn product(id: &str) -> ProductId {
    ProductId::new(id).expect("an id")
}

pub(crate) fn user(id: &str) -> UserId {
    UserId::new(id).expect("a user")
}

fn open(environment: &BTreeMap<String, String>) -> Store {
    let config = Config::read(&|name| environment.get(name).cloned()).expect("a full environment");
    Store::open(&config, &Monitoring::default()).expect("a good configuration")
}

fn router(environment: &BTreeMap<String, String>) -> Router {
    let variable = |name: &str| environment.get(name).cloned();
    orders::router(&variable, &Monitoring::default()).expect("the environment is complete")
}
