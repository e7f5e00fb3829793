//! A shop with something to sell, for tests of functions that no HTTP request
//! calls.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::{
    Adjustment, Basket, BasketItem, Category, Currency, Delta, Description, IdempotencyKey, Money, Name,
    Order, OrderId, ProductId, Quantity, Reason, Tags, UserId,
};
use jiff::Timestamp;
use monitoring::Monitoring;
use serde_json::{Value, json};
use store::{Config, NewOrder, NewProduct, OrderSource, Purchase, Request, Store};

use super::{Database, Redis, Tokens, environment};
use crate::project::Project;

/// A table, a cache, and what is known of both.
pub struct Shop {
    /// The table.
    pub database: Database,
    /// The cache.
    pub redis: Redis,
    /// As Lambda would set it.
    pub environment: BTreeMap<String, String>,
    /// The shop's store, as a process without a cache has it: what it reads is what
    /// stands, and the cache does not hear of what it writes.
    pub store: Store,
}

impl Shop {
    /// With so many mugs at a pound.
    pub async fn with_mugs(pieces: i64) -> Self {
        let (database, redis) = (Database::memory().await, Redis::start().await);
        let environment = environment(&database, Some(&redis), &Tokens::new());
        let store = store_past_cache(&environment);
        let shop = Self { database, redis, environment, store };
        shop.bring_in(pieces).await;
        shop
    }

    /// A process that reads through the cache.
    pub fn reader(&self) -> Store {
        open(&self.environment)
    }

    /// An order of one mug.
    pub async fn order(&self, user: &str, key: &str) -> OrderId {
        let user = UserId::new(user).expect("a user");
        let key = IdempotencyKey::new(key).expect("a key");
        let item = BasketItem { product_id: mug(), quantity: Quantity::new(1).expect("a quantity") };
        let source = OrderSource::Basket(Basket::sum([item]).expect("a basket"));
        let request = Request::new(&user, &key, "place order", &"a mug");
        let new = NewOrder { user, source, expected_total: None };
        let id = |purchase: &Purchase| purchase.order.id.clone();
        let answer = self.store.place_order(&new, &request, Timestamp::now(), id).await.expect("placed");
        serde_json::from_str(&answer.body).expect("an id")
    }

    /// An order as it stands.
    pub async fn stands(&self, user: &str, order: &OrderId) -> Order {
        let user = UserId::new(user).expect("a user");
        self.store.order(&user, order).await.expect("there").order
    }

    async fn bring_in(&self, pieces: i64) {
        let new = NewProduct {
            id: Some(mug()),
            name: Name::new("Mug").expect("a name"),
            description: Description::new("").expect("a description"),
            category: Category::new("kitchen").expect("a category"),
            tags: Tags::default(),
            price: Money::price(100, Currency::GBP).expect("a price"),
        };
        self.store.create_product(new, Timestamp::now()).await.expect("created");
        let adjustment = Adjustment {
            delta: Delta::new(pieces).expect("a delta"),
            reason: Reason::new("delivery").expect("a reason"),
        };
        let (keeper, key) =
            (UserId::new("keeper").expect("a user"), IdempotencyKey::new("k").expect("a key"));
        let request = Request::new(&keeper, &key, "mug", &pieces);
        self.store.adjust_stock(&mug(), &adjustment, &request, Timestamp::now()).await.expect("adjusted");
    }
}

/// What the gateway sends `products` for a look at one.
pub fn read_of_a_mug() -> Bytes {
    let project = Project::find().expect("tests run in the project");
    let file = project.root().join("functions/products/events/show.json");
    let payload = std::fs::read_to_string(file).expect("the function has it");
    payload.replace("cafe-au-lait-bowl", mug().as_str()).into()
}

/// What there is to sell.
pub fn mug() -> ProductId {
    ProductId::new("mug").expect("an id")
}

/// A record of the table's stream, as Lambda hands it to a function.
pub fn stream_record(sequence_number: &str, old_image: &Value, new_image: &Value) -> Value {
    json!({
        "eventID": sequence_number,
        "eventName": if old_image.is_null() { "INSERT" } else if new_image.is_null() { "REMOVE" } else { "MODIFY" },
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": crate::template::REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": 1_700_000_000,
            "SequenceNumber": sequence_number,
            "SizeBytes": 100,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            "OldImage": old_image,
            "NewImage": new_image,
        },
    })
}

fn store_past_cache(environment: &BTreeMap<String, String>) -> Store {
    let mut environment = environment.clone();
    environment.insert("CACHE_URL".to_owned(), String::new());
    open(&environment)
}

fn open(environment: &BTreeMap<String, String>) -> Store {
    let config = Config::read(&|name| environment.get(name).cloned()).expect("a full environment");
    Store::open(&config, &Monitoring::default()).expect("a good configuration")
}
