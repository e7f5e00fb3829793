//! Payments, from the provider's event to the order that is paid.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Money, OrderId, Provider};
use futures::future::join_all;
use local::faults::Fault;
use local::provider::{Event, Sender};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::Shop;

/// A shop that hears of payments, and who tells it.
struct Stage {
    shop: Shop,
    provider: Sender,
    product: String,
}

impl Stage {
    async fn open(pieces: i64) -> Self {
        let shop = Shop::open_with_streams().await;
        let (provider, product) = (shop.stack.provider().unwrap(), shop.stocked("Mug", pieces).await);
        Self { shop, provider, product }
    }

    async fn order(&self, key: &str) -> Value {
        self.shop.order(key, &json!({"items": [{"product_id": self.product, "quantity": 1}]})).await
    }

    /// The status and whether it was a duplicate.
    async fn send(&self, event: &Event) -> (u16, Value) {
        let answer = self.provider.send(Provider::Stripe, event).await.unwrap();
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        (answer.status.as_u16(), body["duplicate"].clone())
    }

    async fn status(&self, order: &Value) -> Value {
        let path = format!("/api/orders/{}", order["id"].as_str().unwrap());
        self.shop.json(&path).await["status"].clone()
    }

    async fn becomes(&self, order: &Value, status: &str) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.status(order).await != status {
            assert!(Instant::now() < deadline, "{} is {}", order["id"], self.status(order).await);
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Outcomes of all events, by id.
    async fn outcomes(&self) -> BTreeMap<String, Option<String>> {
        let items = self.shop.items().await.into_iter();
        let events = items.filter_map(|item| {
            let id = item["pk"].as_s().unwrap().strip_prefix("WEBHOOK#stripe#")?.to_owned();
            Some((id, item.get("outcome").map(|outcome| outcome.as_s().unwrap().clone())))
        });
        events.collect()
    }

    async fn struck(&self, fault: &str) {
        while !self.shop.stack.faults().counts().injected.contains_key(fault) {
            sleep(Duration::from_millis(5)).await;
        }
    }

    fn failures(&self) -> Vec<Value> {
        self.shop.stack.queue("PaymentEventsFailures").unwrap()
    }
}

fn paid(order: &Value) -> Event {
    let id = OrderId::new(order["id"].as_str().unwrap()).unwrap();
    Event::succeeded(&id, total(order)).with_id(&format!("evt_{id}"))
}

fn total(order: &Value) -> Money {
    serde_json::from_value(order["total"].clone()).unwrap()
}

#[tokio::test]
async fn an_order_is_paid_and_refunded_by_what_the_provider_says() {
    let stage = Stage::open(10).await;
    let order = stage.order("k").await;
    assert_eq!(stage.send(&paid(&order)).await, (200, json!(false)));
    stage.becomes(&order, "paid").await;
    let id = OrderId::new(order["id"].as_str().unwrap()).unwrap();
    let refunded = Event::refunded(&id, total(&order));
    let answer = stage.provider.send(Provider::Standard, &refunded).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    stage.becomes(&order, "refunded").await;
    stage.shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_copies_at_once_one_is_kept_and_applied_once() {
    let stage = Stage::open(10).await;
    let order = stage.order("k").await;
    let event = paid(&order);
    let answers = join_all((0..200).map(|_| stage.send(&event))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200), "{answers:?}");
    assert_eq!(answers.iter().filter(|(_, duplicate)| *duplicate == json!(false)).count(), 1);
    stage.becomes(&order, "paid").await;
    assert_eq!(stage.outcomes().await.into_values().collect::<Vec<_>>(), [Some("applied".to_owned())]);
    let shown = stage.shop.json(&format!("/api/orders/{}", order["id"].as_str().unwrap())).await;
    assert_eq!((&shown["version"], &shown["payment"]["captured"]), (&json!(2), &order["total"]));
    stage.shop.close().await;
}

#[tokio::test]
async fn a_consumer_that_is_killed_in_the_middle_is_followed_by_one_that_does_the_rest() {
    for (number, fault) in [Fault::Delay(Duration::from_hours(1)), Fault::NoReply].into_iter().enumerate() {
        let stage = Stage::open(10).await;
        let order = stage.order(&number.to_string()).await;
        let transaction = fault.on("TransactWriteItems").touching("WEBHOOK#").next(1);
        stage.shop.stack.faults().inject(transaction);
        stage.send(&paid(&order)).await;
        stage.struck(fault.name()).await;
        stage.shop.stack.kill_function("payment-events").await.unwrap();
        stage.becomes(&order, "paid").await;
        assert_eq!(stage.failures(), [Value::Null; 0], "{fault:?}");
        assert_eq!(stage.outcomes().await.into_values().collect::<Vec<_>>(), [Some("applied".to_owned())]);
        stage.shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_100_events_the_one_that_always_fails_is_given_up_and_left_to_the_sweep() {
    let stage = Stage::open(101).await;
    let mut orders = Vec::new();
    for number in 0..100 {
        orders.push(stage.order(&number.to_string()).await);
    }
    let poison = paid(&orders[50]);
    let faults = stage.shop.stack.faults();
    faults.inject(Fault::ErrorBefore.on("TransactWriteItems").touching(poison.id()));
    let events: Vec<Event> = orders.iter().map(paid).collect();
    join_all(events.iter().map(|event| stage.send(event))).await;

    let deadline = Instant::now() + Duration::from_mins(2);
    while stage.failures().is_empty() {
        assert!(Instant::now() < deadline, "it is given up after its retries");
        sleep(Duration::from_millis(100)).await;
    }
    let given_up = &stage.failures()[0]["DDBStreamBatchInfo"];
    assert_eq!((stage.failures().len(), &given_up["batchSize"]), (1, &json!(1)), "the poison alone");
    let later = stage.order("later").await;
    stage.send(&paid(&later)).await;
    stage.becomes(&later, "paid").await; // what came after is not held up
    let outcomes = stage.outcomes().await;
    let applied = outcomes.iter().filter(|(_, outcome)| outcome.as_deref() == Some("applied"));
    assert_eq!((applied.count(), &outcomes[poison.id()]), (100, &None));

    faults.clear();
    stage.shop.make_older(&poison).await;
    let swept = stage.shop.stack.invoke("payment-events", &json!({"source": "aws.scheduler"})).await.unwrap();
    assert_eq!(swept["applied"], 1, "{swept}");
    stage.becomes(&orders[50], "paid").await;
    stage.shop.close().await;
}

#[tokio::test]
async fn a_table_that_is_down_is_503_and_the_provider_comes_again() {
    let stage = Stage::open(10).await;
    let order = stage.order("k").await;
    stage.shop.stack.faults().inject(Fault::ErrorBefore.on("PutItem"));
    assert_eq!(stage.send(&paid(&order)).await.0, 503);
    stage.shop.stack.faults().clear();
    assert_eq!(stage.send(&paid(&order)).await, (200, json!(false)));
    stage.becomes(&order, "paid").await;
    stage.shop.close().await;
}

#[tokio::test]
async fn an_event_that_failed_is_replayed_by_hand() {
    let stage = Stage::open(10).await;
    let order = stage.order("k").await;
    let event = paid(&order);
    let order_items = stage.shop.take_away(&format!("ORDER#{}", order["id"].as_str().unwrap())).await;
    assert_eq!(stage.send(&event).await.0, 200, "it is kept whatever comes of it");
    let deadline = Instant::now() + Duration::from_secs(30);
    while stage.outcomes().await[event.id()].is_none() {
        assert!(Instant::now() < deadline, "it is decided");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(stage.outcomes().await[event.id()].as_deref(), Some("failed"));

    let name = format!("stripe/{}", event.id());
    let replay = async || stage.shop.stack.invoke("payment-events", &json!({"replay": name})).await.unwrap();
    assert_eq!(replay().await["outcome"], "failed", "nothing has changed");
    stage.shop.put_back(order_items).await;
    assert_eq!(replay().await["outcome"], "applied");
    stage.becomes(&order, "paid").await;
    assert_eq!(replay().await["outcome"], "decided before");
    stage.shop.close().await;
}
