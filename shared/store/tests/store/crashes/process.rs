//! One operation on the shop in a process of its own: this test program, called
//! with the operation in its environment.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use domain::{Error, OrderId, PAYMENT_WINDOW, ProductId, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Config, Event, Store};

use super::{PRODUCTS, USERS};
use crate::shop::{REFUNDED, SUCCEEDED, Shop, adjustment, id, id_of, order, request, said, user};

const VARIABLE: &str = "STORE_TEST_PROCESS";
const MARK: &str = "outcome: ";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Operation {
    /// The order that this user's key stands for: the same each time.
    Place {
        user: usize,
        key: usize,
    },
    /// One of the orders that the driver knows of.
    Cancel {
        order: usize,
    },
    /// The intake: an event about one of the orders is kept.
    Keep {
        event: Said,
    },
    /// The consumer: an event is applied, if it is there.
    Apply {
        event: Said,
    },
    Sweep,
    Expire,
    Adjust {
        product: usize,
        key: usize,
    },
    Archive {
        product: usize,
    },
}

/// What a provider says of one of the orders that the driver knows of: each of
/// these is one event, however often it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) order: usize,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum What {
    Succeeded,
    /// A penny went back.
    PartiallyRefunded,
    Refunded,
}

impl Said {
    /// The event, about an order that costs so much.
    pub(super) fn event(self, order: &OrderId, total: i64) -> Event {
        match self.what {
            What::Succeeded => said(SUCCEEDED, order, total),
            What::PartiallyRefunded => said(REFUNDED, order, 1),
            What::Refunded => said(REFUNDED, order, total),
        }
    }
}

/// What a process was told before it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Placed(OrderId),
    Done,
    Refused(String),
}

/// What is ordered under a key: by one, by two products, and in both orders.
fn items(user: usize, key: usize) -> Vec<(&'static str, i64)> {
    let [a, b, c] = PRODUCTS;
    let amount = i64::try_from(user + 1).expect("few users");
    match key {
        0 => vec![(a, amount)],
        1 => vec![(a, 2), (b, amount)],
        2 => vec![(b, 3), (a, 1)],
        _ => vec![(c, 5), (b, 2), (a, 1)],
    }
}

/// The pieces that adjustments bring in, or take out, by their keys.
pub(super) const DELTAS: [i64; 3] = [5, -3, 1];

pub(super) fn adjustment_key(product: usize, key: usize) -> String {
    format!("adjust {product} {key}")
}

#[derive(Serialize, Deserialize)]
struct Task {
    endpoint: String,
    operation: Operation,
    orders: Vec<(usize, OrderId)>,
}

pub(super) struct Process(Child);

impl Process {
    pub(super) fn start(shop: &Shop, operation: &Operation, orders: &[(usize, OrderId)]) -> Self {
        let endpoint = shop.database.endpoint();
        let task = Task { endpoint, operation: operation.clone(), orders: orders.to_vec() };
        let program = std::env::current_exe().expect("this program has a path");
        let child = Command::new(program)
            .args(["--ignored", "--exact", "--nocapture", "crashes::process::one_process"])
            .env(VARIABLE, serde_json::to_string(&task).expect("plain JSON"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("a process"))
    }

    pub(super) fn kill(&mut self) {
        self.0.kill().expect("a process of our own");
    }

    pub(super) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a process of our own").is_some()
    }

    /// What it was told, if it lived to tell.
    pub(super) fn outcome(mut self) -> Option<Outcome> {
        let mut text = String::new();
        self.0.stdout.take().expect("piped").read_to_string(&mut text).expect("UTF-8");
        let outcome = text.lines().find_map(|line| line.split_once(MARK))?.1;
        Some(serde_json::from_str(outcome).expect("an outcome"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The process's side: no test by itself.
#[tokio::test]
#[ignore = "a process of the test above"]
async fn one_process() {
    let task = std::env::var(VARIABLE).expect("called by the test above");
    let task: Task = serde_json::from_str(&task).expect("a task");
    let outcome = match perform(&store(&task.endpoint), &task).await {
        Ok(outcome) => outcome,
        Err(error) => Outcome::Refused(error.to_string()),
    };
    let outcome = serde_json::to_string(&outcome).expect("plain JSON");
    writeln!(std::io::stdout(), "\n{MARK}{outcome}").expect("the driver listens");
}

fn store(endpoint: &str) -> Store {
    let variable = |name: &str| {
        let value = match name {
            "TABLE_NAME" => local::template::TABLE_NAME,
            "AWS_REGION" => local::template::REGION,
            "AWS_ENDPOINT_URL_DYNAMODB" => endpoint,
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let config = Config::read(&variable).expect("a full environment");
    Store::open(&config, &monitoring::Monitoring::default()).expect("a good configuration")
}

async fn perform(store: &Store, task: &Task) -> domain::Result<Outcome> {
    let now = crate::shop::now();
    match &task.operation {
        Operation::Place { user, key } => {
            let placed = order(store, USERS[*user], &key.to_string(), &items(*user, *key), now).await?;
            return Ok(Outcome::Placed(id_of(&placed)));
        }
        Operation::Cancel { order } => {
            let Some((owner, order)) = task.orders.get(*order) else { return Ok(Outcome::Done) };
            store.cancel_order(&user(USERS[*owner]), order, now).await?;
        }
        Operation::Keep { event } => {
            if let Some(event) = event_of(store, task, *event).await? {
                store.keep_event(&event).await?;
            }
        }
        Operation::Apply { event } => apply(store, task, *event).await?,
        Operation::Sweep => drop(store.sweep_events(now + jiff::SignedDuration::from_mins(1)).await),
        Operation::Expire => drop(store.expire_orders(now + PAYMENT_WINDOW).await),
        Operation::Adjust { product, key } => {
            adjust(store, &id(PRODUCTS[*product]), *product, *key, now).await?;
        }
        Operation::Archive { product } => archive(store, &id(PRODUCTS[*product]), now).await?,
    }
    Ok(Outcome::Done)
}

async fn event_of(store: &Store, task: &Task, said: Said) -> domain::Result<Option<Event>> {
    let Some((owner, order)) = task.orders.get(said.order) else { return Ok(None) };
    let total = store.order(&user(USERS[*owner]), order).await?.order.total;
    Ok(Some(said.event(order, total.amount())))
}

async fn apply(store: &Store, task: &Task, said: Said) -> domain::Result<()> {
    let Some(event) = event_of(store, task, said).await? else { return Ok(()) };
    match store.event(&event.key).await {
        Ok(kept) => store.apply_event(&kept, crate::shop::now()).await.map(drop),
        Err(Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn adjust(
    store: &Store,
    id: &ProductId,
    product: usize,
    key: usize,
    now: Timestamp,
) -> domain::Result<()> {
    let (delta, name) = (DELTAS[key], adjustment_key(product, key));
    store.adjust_stock(id, &adjustment(delta), &request(&name, delta), now).await.map(drop)
}

async fn archive(store: &Store, id: &ProductId, now: Timestamp) -> domain::Result<()> {
    match store.archive_product(id, Version::FIRST, now).await {
        Err(Error::NotFound(_)) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}
