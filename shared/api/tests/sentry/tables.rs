//! What the table does to a function of the shop.

use std::time::Duration;

use local::faults::{Fault, Position};
use local::testing::{Database, Tokens, environment};
use serde_json::{Value, json};

use crate::function::Function;
use crate::platform::{TRACE, request};
use crate::server::{Delivery, Sentry, TAKE};

struct Shop {
    database: Database,
    tokens: Tokens,
    sentry: Sentry,
    function: Function,
}

impl Shop {
    async fn open(settings: &[(&str, &str)]) -> Self {
        let (database, tokens, sentry) = (Database::memory().await, Tokens::new(), Sentry::start(TAKE).await);
        let environment = environment(&database, None, &tokens);
        // Elsewhere the tokens' key would be refused.
        let settings: Vec<_> = settings.iter().copied().chain([("STAGE", "local")]).collect();
        let function = Function::built("products", &sentry, &environment, &settings).await;
        Self { database, tokens, sentry, function }
    }

    /// A new product, by somebody who may.
    fn creation(&self) -> Value {
        let mut request = request("POST", "/api/products");
        request["headers"]["authorization"] =
            format!("Bearer {}", self.tokens.mint("ed", "catalog:write")).into();
        let body =
            json!({"name": "planted", "category": "planted", "price": {"amount": 1, "currency": "GBP"}});
        request["body"] = body.to_string().into();
        request
    }
}

fn field<'a>(delivery: &'a Delivery, name: &str) -> &'a Value {
    &delivery.event()["contexts"]["Rust Tracing Fields"][name]
}

#[tokio::test]
async fn a_slow_call_arrives_with_its_name_and_what_was_called_before() {
    let shop = Shop::open(&[("DYNAMODB_SLOW_MS", "60")]).await;
    let slow = Fault::Delay(Duration::from_millis(100)).on("BatchGetItem");
    shop.database.faults().inject(slow);
    let answer = shop.function.get("/api/products/planted").await;
    assert_eq!(answer.status(), 404);
    let delivery = shop.sentry.first().await;
    assert!(delivery.at > answer.at);
    assert_eq!(delivery.event()["message"], "slow call of DynamoDB");
    assert_eq!(field(&delivery, "operation"), "read products");
    assert!(field(&delivery, "duration_ms").as_u64().unwrap() >= 100);
    assert!(delivery.breadcrumbs().contains(&"call of DynamoDB"), "{:?}", delivery.breadcrumbs());
    // The cache runs the load as a task of its own: it is the request's all the same.
    assert_eq!(delivery.event()["tags"]["request_id"], "request-1");
    assert_eq!(delivery.event()["tags"]["route"], "/api/products/{id}");
    assert_eq!(delivery.event()["contexts"]["trace"]["trace_id"], TRACE);
    delivery.has_no_secret();
}

#[tokio::test]
async fn retries_that_run_out_arrive_with_each_of_them() {
    let shop = Shop::open(&[]).await;
    shop.database.faults().inject(Fault::Conflict(Position::At(0)).on("TransactWriteItems"));
    assert_eq!(shop.function.invoke(shop.creation()).await.status(), 503);
    let deliveries = shop.sentry.at_least(2).await;
    assert_eq!(deliveries[0].event()["message"], "retries exhausted");
    let retries = field(&deliveries[0], "retries").as_u64().unwrap();
    let again = deliveries[0].breadcrumbs().into_iter().filter(|text| *text == "transaction sent again");
    assert!(retries > 0);
    assert_eq!(again.count() as u64, retries);
    deliveries.iter().for_each(Delivery::has_no_secret);
}

#[tokio::test]
async fn a_table_that_is_gone_is_an_error_with_its_cause() {
    let shop = Shop::open(&[("DYNAMODB_SLOW_MS", "60000")]).await;
    shop.database.faults().inject(Fault::ErrorBefore.on_any());
    assert_eq!(shop.function.get("/api/products/planted").await.status(), 503);
    let delivery = shop.sentry.first().await;
    assert!(delivery.cause().starts_with("read products failed"), "{}", delivery.cause());
    assert!(delivery.breadcrumbs().contains(&"call of DynamoDB sent again"), "{:?}", delivery.breadcrumbs());
    delivery.has_no_secret();
}

#[tokio::test]
async fn the_calls_of_a_request_are_parts_of_its_timing() {
    let shop = Shop::open(&[("SENTRY_REQUEST_SAMPLE_RATE", "1")]).await;
    shop.function.get("/api/products/planted").await;
    let delivery = shop.sentry.first().await;
    let transaction = delivery.item("transaction").unwrap();
    assert_eq!(transaction["transaction"], "GET /api/products/{id}");
    assert_eq!(transaction["contexts"]["trace"]["trace_id"], TRACE);
    assert_eq!(transaction["spans"][0]["op"], "db");
    assert_eq!(transaction["spans"][0]["description"], "read products");
    delivery.has_no_secret();
}
