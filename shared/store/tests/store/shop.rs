//! A shop of one test's own, and what its table holds.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    Adjustment, Basket, BasketItem, Category, Currency, Delta, Description, EventKey, IdempotencyKey, Money,
    Name, OrderId, ProductId, Quantity, Reason, Tags, UserId,
};
use jiff::Timestamp;
use local::testing::{Database, Redis, Tokens, environment};
use monitoring::Monitoring;
use serde_json::{Value, json};
use store::{
    Answer, Config, Decision, Event, NewOrder, NewProduct, OrderSource, Outcome, Purchase, Request, Store,
};

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) struct Shop {
    pub(crate) store: Store,
    pub(crate) database: Database,
    table: aws_sdk_dynamodb::Client,
}

impl Shop {
    /// Without a cache: what is read is what stands.
    pub(crate) async fn open() -> Self {
        let database = Database::memory().await;
        let (config, store) = open(&database, None);
        Self { store, table: client(&config), database }
    }

    /// Every item, by its keys joined.
    pub(crate) async fn items(&self) -> HashMap<String, Item> {
        let scan = self.table.scan().table_name(self.database.table_name()).send().await.expect("a scan");
        let keyed = scan.items.unwrap_or_default().into_iter().map(|item| (key(&item), item));
        keyed.collect()
    }

    /// Takes all items of an order out of the table.
    pub(crate) async fn taken_away(&self, order: &OrderId) -> Vec<Item> {
        let pk = format!("ORDER#{order}");
        let (mut taken, items) = (Vec::new(), self.items().await.into_values());
        for item in items.filter(|item| item["pk"].as_s().is_ok_and(|found| *found == pk)) {
            let delete = self.table.delete_item().table_name(self.database.table_name());
            let delete = delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
            delete.send().await.expect("deleted");
            taken.push(item);
        }
        taken
    }

    /// Puts items into the table as they are.
    pub(crate) async fn put_back(&self, items: Vec<Item>) {
        for item in items {
            let put = self.table.put_item().table_name(self.database.table_name()).set_item(Some(item));
            put.send().await.expect("put");
        }
    }

    pub(crate) async fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.items().await.into_keys().collect();
        keys.sort_unstable();
        keys
    }

    /// A product of that id at one pound, with so many pieces.
    pub(crate) async fn stock(&self, product: &str, pieces: i64) {
        let new = NewProduct { id: Some(id(product)), ..new_product(product) };
        self.store.create_product(new, now()).await.expect("created");
        let (id, adjustment, request) = (id(product), adjustment(pieces), request(product, pieces));
        self.store.adjust_stock(&id, &adjustment, &request, now()).await.expect("adjusted");
    }

    /// Pieces in stock, archived or not.
    pub(crate) async fn available(&self, product: &str) -> i64 {
        number(&self.items().await[&format!("PRODUCT#{product} | STOCK")]["available"])
    }

    /// Waits until a fault of this name has struck.
    pub(crate) async fn struck(&self, fault: &str) {
        while !self.database.faults().counts().injected.contains_key(fault) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn order(&self, user: &str, key: &str, items: &[(&str, i64)]) -> domain::Result<Answer> {
        order(&self.store, user, key, items, now()).await
    }

    /// How order and payment stand after the provider said that so many pence were
    /// captured for it.
    pub(crate) async fn paid(&self, owner: &str, order: &OrderId, pence: i64) -> Purchase {
        let said = said(SUCCEEDED, order, pence);
        let decision = hear(&self.store, &said).await.expect("decided");
        assert!(matches!(decision, Decision::Now { outcome: Outcome::Applied, .. }), "{decision:?}");
        self.store.order(&user(owner), order).await.expect("there")
    }

    /// The item of an event.
    pub(crate) async fn event_item(&self, event: &Event) -> Item {
        self.items().await[&format!("WEBHOOK#{}#{} | EVENT", event.key.provider, event.key.id)].clone()
    }

    /// An order that is there: its id.
    pub(crate) async fn ordered(&self, user: &str, key: &str, items: &[(&str, i64)]) -> OrderId {
        id_of(&self.order(user, key, items).await.expect("placed"))
    }
}

/// Another connection to the shop, as another process has it.
pub(crate) fn open(database: &Database, cache: Option<&Redis>) -> (Config, Store) {
    open_with(database, cache, &[])
}

pub(crate) fn open_with(
    database: &Database,
    cache: Option<&Redis>,
    settings: &[(&str, &str)],
) -> (Config, Store) {
    let mut environment: BTreeMap<String, String> = environment(database, cache, &Tokens::new());
    environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let config = Config::read(&|name| environment.get(name).cloned()).expect("a full environment");
    let store = Store::open(&config, &Monitoring::default()).expect("a good configuration");
    (config, store)
}

fn client(config: &Config) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .region(aws_sdk_dynamodb::config::Region::new(config.region.clone()))
        .credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
            "local", "local", None, None, "test",
        ))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(config.endpoint.clone().expect("a local endpoint"));
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// Places an order, answered by its id.
pub(crate) async fn order(
    store: &Store,
    user: &str,
    key: &str,
    items: &[(&str, i64)],
    now: Timestamp,
) -> domain::Result<Answer> {
    let user = UserId::new(user).expect("a user");
    let key = IdempotencyKey::new(key).expect("a key");
    let request = Request::new(&user, &key, "place order", &items);
    let item = |(product, pieces): &(&str, i64)| BasketItem {
        product_id: id(product),
        quantity: Quantity::new(*pieces).expect("a quantity"),
    };
    let basket = Basket::sum(items.iter().map(item)).expect("a basket");
    let new = NewOrder { user, source: OrderSource::Basket(basket), expected_total: None };
    store.place_order(&new, &request, now, represented).await
}

pub(crate) const SUCCEEDED: &str = "payment_intent.succeeded";
pub(crate) const FAILED: &str = "payment_intent.payment_failed";
pub(crate) const REFUNDED: &str = "charge.refunded";

/// An event of this type about an order: the same one for the same words.
pub(crate) fn said(kind: &str, order: &OrderId, pence: i64) -> Event {
    let amount = if kind == REFUNDED { "amount_refunded" } else { "amount_received" };
    let metadata = json!({"order_id": order});
    let object = json!({"id": "pi_1", amount: pence, "currency": "gbp", "metadata": metadata});
    event(&format!("{kind}-{order}-{pence}"), json!({"type": kind, "data": {"object": object}}).to_string())
}

/// An event that came just now.
pub(crate) fn event(id: &str, body: impl Into<Vec<u8>>) -> Event {
    let key: EventKey = format!("stripe/{id}").parse().expect("a name");
    Event { key, body: body.into(), received_at: now() }
}

/// Keeps an event and applies it.
pub(crate) async fn hear(store: &Store, event: &Event) -> domain::Result<Decision> {
    store.keep_event(event).await?;
    store.apply_event(event, now()).await
}

fn represented(purchase: &Purchase) -> Value {
    json!({"id": purchase.order.id})
}

pub(crate) fn id_of(answer: &Answer) -> OrderId {
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    OrderId::new(body["id"].as_str().expect("an id")).expect("a UUID")
}

pub(crate) fn key(item: &Item) -> String {
    let part = |name: &str| item[name].as_s().expect("keys are text").clone();
    format!("{} | {}", part("pk"), part("sk"))
}

pub(crate) fn number(value: &AttributeValue) -> i64 {
    value.as_n().expect("a number").parse().expect("a whole number")
}

pub(crate) fn id(text: &str) -> ProductId {
    ProductId::new(text).expect("an id")
}

pub(crate) fn user(text: &str) -> UserId {
    UserId::new(text).expect("a user")
}

pub(crate) fn pounds(pence: i64) -> Money {
    Money::price(pence, Currency::GBP).expect("a price")
}

pub(crate) fn new_product(name: &str) -> NewProduct {
    NewProduct {
        id: Some(id("mug")),
        name: Name::new(name).expect("a name"),
        description: Description::new("").expect("a description"),
        category: Category::new("c").expect("a category"),
        tags: Tags::default(),
        price: pounds(100),
    }
}

pub(crate) fn adjustment(delta: i64) -> Adjustment {
    Adjustment {
        delta: Delta::new(delta).expect("a delta"),
        reason: Reason::new("delivery").expect("a reason"),
    }
}

pub(crate) fn request(key: &str, content: i64) -> Request {
    Request::new(&user("ed"), &IdempotencyKey::new(key).expect("a key"), "mug", &content)
}

pub(crate) fn now() -> Timestamp {
    Timestamp::now().round(jiff::Unit::Millisecond).expect("within range")
}
