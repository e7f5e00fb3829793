//! The function's invocations, in process on a real table: batches of the
//! stream, runs by the clock, and replays by hand.

use std::time::Duration;

use domain::{EventKey, OrderId, OrderStatus};
use jiff::{SignedDuration, Timestamp};
use local::faults::Fault;
use local::testing::shop::{Shop, stream_record};
use monitoring::Monitoring;
use payment_events::PaymentEvents;
use serde_json::{Value, json};
use store::Event;
use tokio::time::Instant;

fn function(shop: &Shop) -> PaymentEvents {
    let variable = |name: &str| shop.environment.get(name).cloned();
    PaymentEvents::new(&variable, &Monitoring::default()).expect("the environment is complete")
}

fn paid(order: &OrderId) -> Event {
    let object =
        json!({"id": "pi_1", "amount_received": 100, "currency": "gbp", "metadata": {"order_id": order}});
    event(&format!("evt_{order}"), &json!({"type": "payment_intent.succeeded", "data": {"object": object}}))
}

/// An event that came a minute ago.
fn event(id: &str, body: &Value) -> Event {
    let key: EventKey = format!("stripe/{id}").parse().expect("a name");
    let received_at = Timestamp::now() - SignedDuration::from_mins(1);
    Event { key, body: body.to_string().into_bytes(), received_at }
}

/// As the stream tells that it was kept.
fn told(sequence_number: usize, event: &Event) -> Value {
    let image = json!({
        "pk": {"S": format!("WEBHOOK#{}#{}", event.key.provider, event.key.id)},
        "sk": {"S": "EVENT"},
        "body": {"S": String::from_utf8(event.body.clone()).expect("text")},
        "received_at": {"S": event.received_at.to_string()},
        "receipt": {"S": "r"},
    });
    stream_record(&sequence_number.to_string(), &Value::Null, &image)
}

fn failures(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().expect("a list of failures");
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().expect("a number")).collect()
}

async fn orders(shop: &Shop, count: usize) -> Vec<OrderId> {
    let mut orders = Vec::new();
    for number in 0..count {
        orders.push(shop.order("ann", &number.to_string()).await);
    }
    orders
}

async fn keep(shop: &Shop, event: &Event) {
    shop.store.keep_event(event).await.expect("kept");
}

#[tokio::test]
async fn one_that_fails_is_told_and_all_others_are_applied() {
    let shop = Shop::with_mugs(30).await;
    let orders = orders(&shop, 20).await;
    let mut records = Vec::new();
    for (number, order) in orders.iter().enumerate() {
        keep(&shop, &paid(order)).await;
        records.push(told(number, &paid(order)));
    }
    let poison = &orders[7];
    let faults = shop.database.faults();
    faults.inject(Fault::ErrorBefore.on("TransactWriteItems").touching(poison.as_str()));
    let answer = function(&shop).handle(json!({"Records": records})).await.expect("answered");
    assert_eq!(failures(&answer), ["7"]);
    for order in &orders {
        let status = shop.stands("ann", order).await.status;
        assert_eq!(status == OrderStatus::Paid, order != poison, "{status}");
    }
    faults.clear();
    // Lambda brings everything from there on again.
    let answer = function(&shop).handle(json!({"Records": records[7..]})).await.expect("answered");
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(shop.stands("ann", poison).await.status, OrderStatus::Paid);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told_and_one_of_a_removal_is_passed_over() {
    let shop = Shop::with_mugs(1).await;
    let order = shop.order("ann", "k").await;
    keep(&shop, &paid(&order)).await;
    let image = told(0, &paid(&order))["dynamodb"]["NewImage"].clone();
    let records = [
        stream_record("1", &Value::Null, &json!({"pk": "no attribute"})),
        stream_record("2", &Value::Null, &json!({"pk": {"S": "WEBHOOK#paypal#1"}, "sk": {"S": "EVENT"}})),
        told(3, &paid(&order)),
    ];
    let answer = function(&shop).handle(json!({"Records": records})).await.expect("answered");
    assert_eq!(failures(&answer), ["1", "2"]);
    assert_eq!(shop.stands("ann", &order).await.status, OrderStatus::Paid);
    let removal = stream_record("4", &image, &Value::Null);
    let answer = function(&shop).handle(json!({"Records": [removal]})).await.expect("answered");
    assert_eq!(failures(&answer), [""; 0]);
    assert!(function(&shop).handle(json!({"Records": [{}]})).await.is_err(), "it cannot even be named");
}

#[tokio::test]
async fn what_there_is_no_time_for_is_told_and_not_begun() {
    let shop = Shop::with_mugs(1).await;
    let order = shop.order("ann", "k").await;
    keep(&shop, &paid(&order)).await;
    let end = Some(Instant::now() + Duration::from_secs(2));
    let before = shop.database.faults().counts().calls_of("TransactWriteItems");
    let batch = json!({"Records": [told(1, &paid(&order))]});
    let answer = retry::deadline::scope(end, function(&shop).handle(batch)).await.expect("answered");
    assert_eq!(failures(&answer), ["1"]);
    assert_eq!(shop.database.faults().counts().calls_of("TransactWriteItems"), before);
}

#[tokio::test]
async fn the_clock_finds_what_the_stream_has_left() {
    let shop = Shop::with_mugs(2).await;
    let order = shop.order("ann", "k").await;
    keep(&shop, &paid(&order)).await;
    keep(&shop, &event("evt_1", &json!({"type": "customer.created"}))).await;
    let tick = json!({"source": "aws.scheduler", "detail-type": "Scheduled Event"});
    let swept = function(&shop).handle(tick.clone()).await.expect("swept");
    let expected =
        json!({"applied": 1, "ignored": 1, "failed": 0, "skipped": 0, "errors": 0, "unfinished": 0});
    assert_eq!(swept, expected);
    assert_eq!(shop.stands("ann", &order).await.status, OrderStatus::Paid);

    shop.database.faults().inject(Fault::ErrorBefore.on("Query"));
    assert!(function(&shop).handle(tick).await.is_err(), "it shows among the function's errors");
}

#[tokio::test]
async fn a_failed_event_is_replayed_by_its_name() {
    let shop = Shop::with_mugs(1).await;
    let order = shop.order("ann", "k").await;
    let mut failed = event("evt_1", &json!({"type": "payment_intent.succeeded"}));
    keep(&shop, &failed).await;
    let replay = async |name: &str| function(&shop).handle(json!({"replay": name})).await;
    let answer = replay("stripe/evt_1").await.expect("answered");
    assert_eq!((&answer["event"], &answer["outcome"]), (&json!("stripe/evt_1"), &json!("failed")));
    let listed = function(&shop).handle(json!({"failed": true})).await.expect("listed");
    assert_eq!(listed, json!({"failed": ["stripe/evt_1"], "complete": true}));

    failed.key = "standard/evt_2".parse().expect("a name");
    failed.body = paid(&order).body;
    keep(&shop, &failed).await;
    let answer = replay("standard/evt_2").await.expect("answered");
    assert_eq!(
        (&answer["outcome"], &answer["reason"]),
        (&json!("applied"), &json!(format!("order {order} is paid")))
    );
    let again = replay("standard/evt_2").await.expect("answered");
    assert_eq!((&again["outcome"], &again["reason"]), (&json!("decided before"), &Value::Null));
    assert_eq!(shop.stands("ann", &order).await.version.to_string(), "2");

    for nobodys in ["stripe/evt_2", "paypal/evt_1", "evt_1", ""] {
        assert!(replay(nobodys).await.is_err(), "{nobodys:?}");
    }
    assert!(function(&shop).handle(json!({"replay": 7})).await.is_err());
}
