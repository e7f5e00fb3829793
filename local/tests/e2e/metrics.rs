//! What CloudWatch makes of the functions' logs, after a day in which nearly everything happens,
//! beside the table of docs/metrics.md.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{Currency, Money, OrderId, Provider};
use local::faults::Fault;
use local::provider::{Event, Sender};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::support::Shop;

const DOCUMENT: &str = include_str!("../../../docs/metrics.md");
const NOBODYS_ORDER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// What happens on no such day. That their lines would be like the others, a test of
/// shared/monitoring says.
const NOT_TODAY: [&str; 4] = [
    "AfterResponseDropped",       // more work than fits
    "CacheStale",                 // an entry that is minutes old
    "DatabaseConnectionFailures", // a table that cannot be reached
    "Throttled",                  // a caller beyond the limits of tests
];

/// Metrics by name: unit, and of what.
type Metrics = BTreeMap<String, (String, String)>;

fn documented() -> Metrics {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")));
    cells
        .map(|mut cells| {
            let mut next = || cells.next().unwrap();
            (next(), (next(), next()))
        })
        .collect()
}

/// The metrics of one line, as CloudWatch reads it.
fn metrics(line: &Value) -> Vec<(String, (String, String))> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
    let of_directive = |directive: &Value| {
        assert_eq!(directive["Namespace"], "Storefront");
        let of = match &directive["Dimensions"] {
            sets if *sets == json!([["Stage"]]) => "stage",
            sets if *sets == json!([["Stage"], ["Stage", "Function"]]) => "stage, function",
            other => unreachable!("of {other}"),
        };
        let metrics = directive["Metrics"].as_array().unwrap().clone();
        metrics.into_iter().map(move |it| (text(&it["Name"]), (text(&it["Unit"]), of.to_owned())))
    };
    directives.flat_map(of_directive).collect()
}

/// All that was told, each under its function's name.
fn told(logs: &[(String, String)]) -> Metrics {
    let lines = logs.iter().filter_map(|(function, line)| Some((function, serde_json::from_str(line).ok()?)));
    let lines = lines.filter(|(_, line): &(_, Value)| line["_aws"].is_object());
    lines
        .flat_map(|(function, line)| {
            assert_eq!((&line["Stage"], &line["Function"]), (&json!("local"), &json!(function)));
            metrics(&line)
        })
        .collect()
}

/// A shop, who pays, and what is for sale.
struct Day {
    shop: Shop,
    provider: Sender,
    product: String,
}

impl Day {
    async fn begin() -> Self {
        let shop = Shop::open_with_streams().await;
        let (provider, product) = (shop.stack.provider().unwrap(), shop.stocked("Mug", 100).await);
        Self { shop, provider, product }
    }

    async fn order(&self, key: &str) -> Value {
        self.shop.order(key, &json!({"items": [{"product_id": self.product, "quantity": 1}]})).await
    }

    async fn tell(&self, event: &Event) -> u16 {
        self.provider.send(Provider::Stripe, event).await.unwrap().status.as_u16()
    }

    async fn ask(&self, path: &str) {
        let _ = self.shop.get(path).await;
    }

    async fn becomes(&self, order: &Value, status: &str) {
        let path = format!("/api/orders/{}", id(order).as_str());
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.shop.json(&path).await["status"] != status {
            assert!(Instant::now() < deadline, "it does not become {status}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn browse(&self) {
        for _ in 0..3 {
            self.ask(&format!("/api/products/{}", self.product)).await;
        }
        let item = self.shop.request(Method::PUT, &format!("/api/cart/items/{}", self.product));
        item.json(&json!({"quantity": 1})).send().await.unwrap();
        self.ask("/api/cart").await;
    }

    async fn trade(&self) {
        let (cancelled, late, paid) =
            (self.order("cancelled").await, self.order("late").await, self.order("paid").await);
        let cancel = format!("/api/orders/{}/cancel", id(&cancelled).as_str());
        self.shop.request(Method::POST, &cancel).send().await.unwrap();
        self.shop.make_due(&late).await;
        self.shop.stack.invoke("order-expirer", &json!({})).await.unwrap();
        let (order, money) = (id(&paid), money(&paid));
        self.tell(&Event::failed(&order, money)).await;
        let succeeded = Event::succeeded(&order, money);
        assert_eq!([self.tell(&succeeded).await, self.tell(&succeeded).await], [200, 200]);
        self.becomes(&paid, "paid").await;
        self.tell(&Event::refunded(&order, money)).await;
        self.becomes(&paid, "refunded").await;
    }

    /// Money that does not fit, an order that is not there, a signature that is none.
    async fn be_paid_wrongly(&self) {
        let order = self.order("flagged").await;
        let wrong = Money::price(1, Currency::GBP).unwrap();
        self.tell(&Event::succeeded(&id(&order), wrong)).await;
        self.tell(&Event::succeeded(&OrderId::new(NOBODYS_ORDER).unwrap(), wrong)).await;
        let forged = self.shop.client.post(self.shop.url("/api/webhooks/stripe")).body("{}");
        let forged = forged.header("stripe-signature", "t=1,v1=00").send().await.unwrap();
        assert_eq!(forged.status(), 400);
    }

    /// A table that is slow, that errs once, and that errs for good.
    async fn have_a_bad_table(&self) {
        let faults = self.shop.stack.faults();
        for fault in [Fault::Delay(Duration::from_millis(700)), Fault::ErrorBefore] {
            faults.inject(fault.on("GetItem").next(1));
            self.ask(&format!("/api/orders/{NOBODYS_ORDER}")).await;
        }
        let order = self.order("poison").await;
        let poison = Event::succeeded(&id(&order), money(&order));
        faults.inject(Fault::ErrorBefore.on("TransactWriteItems").touching(poison.id()));
        assert_eq!(self.tell(&poison).await, 200);
        self.shop.make_older(&poison).await;
        self.shop.stack.invoke("payment-events", &json!({})).await.unwrap_err();
        faults.clear();
        faults.inject(Fault::ErrorBefore.on("PutItem"));
        assert_eq!(self.tell(&Event::succeeded(&id(&order), money(&order))).await, 503);
        faults.clear();
    }

    async fn lose_the_cache(&self) {
        self.shop.stack.kill_cache().await;
        for _ in 0..10 {
            self.ask("/api/products/search?q=mug").await;
        }
        self.shop.create("Jug").await;
    }
}

fn id(order: &Value) -> OrderId {
    OrderId::new(order["id"].as_str().unwrap()).unwrap()
}

fn money(order: &Value) -> Money {
    serde_json::from_value(order["total"].clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_functions_tell_is_what_the_document_says() {
    let day = Day::begin().await;
    day.browse().await;
    day.trade().await;
    day.be_paid_wrongly().await;
    day.have_a_bad_table().await;
    day.lose_the_cache().await;
    let (told, mut documented) = (told(&day.shop.close_for_logs().await), documented());
    for (name, metric) in &told {
        assert_eq!(documented.get(name), Some(metric), "{name}");
    }
    documented.retain(|name, _| !NOT_TODAY.contains(&name.as_str()));
    let unheard: BTreeSet<_> = documented.keys().filter(|name| !told.contains_key(*name)).collect();
    assert!(unheard.is_empty(), "nothing tells {unheard:?}");
}
