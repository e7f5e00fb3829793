//! What a writer that is cut off between its commit and the cache leaves stale,
//! and that the stream's second telling heals it.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    BasketItem, Category, Description, Email, Error, Name, PersonName, ProductId, Quantity, Query, Tags,
    Version,
};
use local::testing::{Database, Redis};
use store::{Change, PageRequest, Person, Store, TableChange};

use crate::shop::{
    Item, SUCCEEDED, Shop, adjustment, hear, id, new_product, now, pounds, request, said, user,
};

/// A shop whose readers have a cache, and whose writer dies before it is told.
struct Stage {
    shop: Shop,
    redis: Redis,
    reader: Store,
}

impl Stage {
    async fn open() -> Self {
        let (shop, redis) = (Shop::open().await, Redis::start().await);
        shop.stock("mug", 10).await;
        let reader = reader(&shop.database, &redis);
        Self { shop, redis, reader }
    }

    fn writer(&self) -> &Store {
        &self.shop.store
    }

    /// A process that has read nothing yet: what it knows, L2 told it.
    fn another_reader(&self) -> Store {
        reader(&self.shop.database, &self.redis)
    }

    /// What the table's stream tells of a write.
    async fn changes(&self, write: impl Future<Output = ()>) -> Vec<TableChange> {
        let before = self.shop.items().await;
        write.await;
        changes(&before, &self.shop.items().await)
    }
}

fn reader(database: &Database, redis: &Redis) -> Store {
    crate::shop::open(database, Some(redis)).1
}

fn changes(before: &HashMap<String, Item>, after: &HashMap<String, Item>) -> Vec<TableChange> {
    let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let changed = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let image = |items: &HashMap<String, Item>, key| items.get(key).cloned().map(Into::into);
    changed
        .map(|key| TableChange::new(image(before, key), image(after, key)).expect("it has a key"))
        .collect()
}

/// That an item came of which nothing is known but its key.
fn change(pk: &str, sk: &str) -> TableChange {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let item: Item = [("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))].into();
    TableChange::new(None, Some(item.into())).expect("it has a key")
}

/// Reads, has a dying writer write, reads what is stale by then, heals it, and
/// reads again. Boxed, because it holds the futures of all that.
fn heals<'a, T: PartialEq + std::fmt::Debug>(
    stage: &'a Stage,
    read: impl AsyncFn(&Store) -> T + 'a,
    write: impl Future<Output = ()> + 'a,
) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    Box::pin(async move {
        let before = read(&stage.reader).await;
        let changes = stage.changes(write).await;
        assert_eq!(read(&stage.another_reader()).await, before, "the cache was not told");
        assert!(stage.reader.forget_changes(&changes).await, "it acknowledges");
        let after = read(&stage.another_reader()).await;
        assert_ne!(after, before);
        assert_eq!(after, read(stage.writer()).await, "as it stands");
    })
}

async fn page(store: &Store) -> Vec<ProductId> {
    let request = PageRequest { limit: 20, after: None };
    let page = store.product_page(None, request).await.expect("a page");
    page.items.into_iter().map(|listing| listing.product.id).collect()
}

async fn category(store: &Store, name: &str) -> Vec<ProductId> {
    let category = Category::new(name).expect("a category");
    let page = store.product_page(Some(&category), PageRequest { limit: 20, after: None }).await;
    page.expect("a page").items.into_iter().map(|listing| listing.product.id).collect()
}

async fn found(store: &Store, query: &str) -> Vec<ProductId> {
    let query = Query::new(query).expect("a query");
    let page = store.search_products(&query, PageRequest { limit: 20, after: None }).await;
    page.expect("a page").items.into_iter().map(|listing| listing.product.id).collect()
}

async fn edit(store: &Store, name: &str, category: &str) {
    let change = |_: &store::Listing| {
        Ok::<_, Error>(Change {
            name: Name::new(name).expect("a name"),
            description: Description::new("").expect("a description"),
            category: Category::new(category).expect("a category"),
            tags: Tags::default(),
            price: pounds(100),
        })
    };
    store.edit_product(&id("mug"), Version::FIRST, now(), change).await.expect("edited");
}

#[tokio::test]
async fn a_new_product_and_its_pages() {
    let stage = Stage::open().await;
    let new = || store::NewProduct { id: Some(id("cup")), ..new_product("cup") };
    let read = async |store: &Store| {
        (
            store.product(&id("cup")).await.ok(),
            page(store).await,
            category(store, "c").await,
            found(store, "cup").await,
        )
    };
    heals(&stage, read, async { drop(stage.writer().create_product(new(), now()).await.expect("created")) })
        .await;
}

#[tokio::test]
async fn an_edit_that_moves_a_product_to_other_pages() {
    let stage = Stage::open().await;
    let read = async |store: &Store| {
        (store.product(&id("mug")).await.ok(), category(store, "c").await, category(store, "d").await)
    };
    heals(&stage, read, edit(stage.writer(), "mug", "d")).await;
}

#[tokio::test]
async fn an_edit_that_changes_what_finds_a_product() {
    let stage = Stage::open().await;
    let read = async |store: &Store| (found(store, "mug").await, found(store, "beaker").await);
    heals(&stage, read, edit(stage.writer(), "beaker", "c")).await;
}

#[tokio::test]
async fn a_price_a_stock_and_the_end_of_a_product() {
    let stage = Stage::open().await;
    let price = async |store: &Store| store.price(&id("mug")).await.ok();
    heals(&stage, price, async {
        drop(stage.writer().set_price(&id("mug"), Version::FIRST, pounds(250), now()).await.expect("set"));
    })
    .await;
    let stock = async |store: &Store| store.stock(&id("mug")).await.ok();
    heals(&stage, stock, async {
        let adjusted =
            stage.writer().adjust_stock(&id("mug"), &adjustment(5), &request("more", 5), now()).await;
        drop(adjusted.expect("adjusted"));
    })
    .await;
    let all = async |store: &Store| {
        (
            store.product(&id("mug")).await.ok(),
            page(store).await,
            category(store, "c").await,
            found(store, "mug").await,
        )
    };
    let seen = stage.writer().product(&id("mug")).await.expect("there").product.version;
    heals(&stage, all, async {
        stage.writer().archive_product(&id("mug"), seen, now()).await.expect("archived");
    })
    .await;
}

#[tokio::test]
async fn a_profile_and_a_cart() {
    let stage = Stage::open().await;
    let ann = user("a#n%n");
    let person = || Person {
        name: PersonName::new("Ann").expect("a name"),
        email: Email::new("ann@example.com").expect("an address"),
    };
    let profile = async |store: &Store| store.profile(&ann).await.ok();
    heals(&stage, profile, async {
        drop(stage.writer().create_profile(&ann, person()).await.expect("created"));
    })
    .await;
    let cart = async |store: &Store| store.cart(&ann).await.expect("a cart");
    heals(&stage, cart, async {
        let item = BasketItem { product_id: id("mug"), quantity: Quantity::new(2).expect("a quantity") };
        drop(stage.writer().set_cart_item(&ann, &item, None).await.expect("set"));
    })
    .await;
}

#[tokio::test]
async fn an_order_its_payment_and_its_end() {
    let stage = Stage::open().await;
    let ann = user("ann");
    let read = async |store: &Store| {
        let page = store.order_page(&ann, PageRequest { limit: 20, after: None }).await.expect("a page");
        let stands =
            page.items.into_iter().map(|purchase| (purchase.order.status, purchase.payment.captured()));
        (stands.collect::<Vec<_>>(), store.stock(&id("mug")).await.expect("there").available)
    };
    let place = async |key: &str| stage.shop.ordered("ann", key, &[("mug", 1)]).await;
    heals(&stage, read, async { drop(place("1").await) }).await;
    let first = place("1").await;
    heals(&stage, read, async {
        drop(hear(stage.writer(), &said(SUCCEEDED, &first, 100)).await.expect("decided"));
    })
    .await;
    let second = place("2").await;
    let read_one = async |store: &Store| store.order(&ann, &second).await.expect("there").order.status;
    heals(&stage, read_one, async {
        drop(stage.writer().cancel_order(&ann, &second, now()).await.expect("cancelled"));
    })
    .await;
}

#[tokio::test]
async fn the_last_of_many_changes_at_once() {
    let stage = Stage::open().await;
    let read = async |store: &Store| store.price(&id("mug")).await.ok();
    let before = read(&stage.reader).await;
    let mut changes: Vec<TableChange> =
        (0..450).map(|number| change(&format!("PRODUCT#other-{number}"), "PRICE")).collect();
    let set = async {
        drop(stage.writer().set_price(&id("mug"), Version::FIRST, pounds(250), now()).await.expect("set"));
    };
    changes.extend(stage.changes(set).await);
    assert!(stage.reader.forget_changes(&changes).await, "it acknowledges");
    assert_ne!(read(&stage.another_reader()).await, before);
}

#[tokio::test]
async fn a_cache_that_comes_back_acknowledges_and_one_that_does_not_is_told_again() {
    let mut stage = Stage::open().await;
    let read = async |store: &Store| store.price(&id("mug")).await.ok();
    let before = read(&stage.reader).await;
    let changes = stage
        .changes(async {
            drop(
                stage.writer().set_price(&id("mug"), Version::FIRST, pounds(250), now()).await.expect("set"),
            );
        })
        .await;
    stage.redis.freeze();
    assert!(!stage.reader.forget_changes(&changes).await, "nobody acknowledges");
    stage.redis.thaw();
    assert!(stage.reader.forget_changes(&changes).await, "past the breaker, which is open");
    assert_ne!(read(&stage.another_reader()).await, before);

    stage.redis.kill().await;
    let reader = stage.reader.clone();
    let (acknowledged, ()) = tokio::join!(reader.forget_changes(&changes), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stage.redis.restart().await;
    });
    assert!(acknowledged, "it waits for the cache to come back");
}

#[tokio::test]
async fn what_cannot_be_read_is_passed_over_and_the_rest_is_forgotten() {
    let stage = Stage::open().await;
    let read = async |store: &Store| store.price(&id("mug")).await.ok();
    let before = read(&stage.reader).await;
    let mut changes = stage
        .changes(async {
            drop(
                stage.writer().set_price(&id("mug"), Version::FIRST, pounds(250), now()).await.expect("set"),
            );
        })
        .await;
    for (pk, sk) in
        [("PRODUCT#mug", "PRODUCT"), ("ORDER#1", "ORDER"), ("USER#", "CART"), ("WEBHOOK#a", "EVENT")]
    {
        changes.insert(0, change(pk, sk));
    }
    assert!(stage.reader.forget_changes(&changes).await);
    assert_ne!(read(&stage.another_reader()).await, before);
    assert!(TableChange::new(None, None).is_err());
    assert!(TableChange::new(None, Some(Item::default().into())).is_err());
}
