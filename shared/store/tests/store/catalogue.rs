//! What the catalogue leaves in the table.

use domain::{Category, Description, Error, Name, Tags, Version};
use local::testing::{Database, Redis, Tokens, environment};
use monitoring::Monitoring;
use store::{Change, Config, NewProduct, PageRequest, Store};

use crate::shop::{Shop, adjustment, id, key, new_product, now, open, pounds, request};

fn change(name: &str, category: &str) -> Change {
    Change {
        name: Name::new(name).expect("a name"),
        description: Description::new("").expect("a description"),
        category: Category::new(category).expect("a category"),
        tags: Tags::default(),
        price: pounds(100),
    }
}

#[tokio::test]
async fn a_product_is_its_items_its_entries_and_nothing_else() {
    let shop = Shop::open().await;
    shop.store.create_product(new_product("Red Mug"), now()).await.expect("created");
    let keys = shop.keys().await;
    let expected = [
        "CATEGORY#c | red mug#mug",
        "PRODUCT#mug | PRICE",
        "PRODUCT#mug | PRODUCT",
        "PRODUCT#mug | STOCK",
        "TERM#c | c#mug",
        "TERM#m | m#mug",
        "TERM#mu | mug#mug",
        "TERM#r | r#mug",
        "TERM#re | red#mug",
    ];
    assert!(keys[0].starts_with("CATALOGUE#") && keys[0].ends_with(" | mug"), "{keys:?}");
    assert_eq!(keys[1..], expected);
}

#[tokio::test]
async fn an_edit_moves_the_entries_and_leaves_none_behind() {
    let shop = Shop::open().await;
    shop.store.create_product(new_product("Red Mug"), now()).await.expect("created");
    let edit = |_: &store::Listing| Ok::<_, Error>(change("Red Cup", "d"));
    shop.store.edit_product(&id("mug"), Version::FIRST, now(), edit).await.expect("edited");
    let keys = shop.keys().await;
    assert!(keys.contains(&"CATEGORY#d | red cup#mug".to_owned()));
    assert!(keys.contains(&"TERM#cu | cup#mug".to_owned()));
    assert!(!keys.iter().any(|key| key.contains("CATEGORY#c ") || key.contains("mug#mug")), "{keys:?}");
}

#[tokio::test]
async fn archiving_leaves_the_product_its_price_and_its_stock() {
    let shop = Shop::open().await;
    shop.store.create_product(new_product("Mug"), now()).await.expect("created");
    shop.store.archive_product(&id("mug"), Version::FIRST, now()).await.expect("archived");
    assert_eq!(shop.keys().await, ["PRODUCT#mug | PRICE", "PRODUCT#mug | PRODUCT", "PRODUCT#mug | STOCK"]);
    let product = &shop.items().await["PRODUCT#mug | PRODUCT"];
    assert!(product.contains_key("archived_at"));
}

#[tokio::test]
async fn an_adjustment_leaves_its_reason_and_a_record_that_ends() {
    let shop = Shop::open().await;
    shop.store.create_product(new_product("Mug"), now()).await.expect("created");
    shop.store.adjust_stock(&id("mug"), &adjustment(5), &request("k", 5), now()).await.expect("adjusted");
    let items = shop.items().await;
    let stock = &items["PRODUCT#mug | STOCK"];
    assert_eq!(stock["reason"].as_s().expect("text"), "delivery");
    assert_eq!(stock["available"].as_n().expect("a number"), "5");
    let record = items.values().find(|item| key(item).starts_with("IDEMPOTENCY#")).expect("a record");
    let ends: i64 = record["expires_at"].as_n().expect("a number").parse().expect("seconds");
    assert!(ends >= now().as_second() + 24 * 3_600);
}

#[tokio::test]
async fn a_record_whose_time_is_over_holds_no_one_back() {
    let shop = Shop::open().await;
    shop.store.create_product(new_product("Mug"), now()).await.expect("created");
    let long_ago = now() - jiff::SignedDuration::from_hours(24 * 30);
    let adjust = |content, when| {
        let (store, request) = (&shop.store, request("k", content));
        async move { store.adjust_stock(&id("mug"), &adjustment(content), &request, when).await }
    };
    adjust(5, long_ago).await.expect("the first");
    assert!(!adjust(3, now()).await.expect("the key is free again").replayed);
    assert!(adjust(3, now()).await.expect("and taken again").replayed);
    assert!(matches!(adjust(4, now()).await, Err(Error::IdempotencyKeyReused)));
}

#[tokio::test]
async fn a_missing_table_is_unavailable_and_says_so_in_time() {
    let database = Database::memory().await;
    let mut environment = environment(&database, None, &Tokens::new());
    environment.insert("TABLE_NAME".to_owned(), "elsewhere".to_owned());
    let config = Config::read(&|name| environment.get(name).cloned()).expect("a full environment");
    let store = Store::open(&config, &Monitoring::default()).expect("a good configuration");
    assert!(matches!(store.ping().await, Err(Error::Unavailable { .. })));
    assert!(matches!(store.product(&id("mug")).await, Err(Error::Unavailable { .. })));
}

#[tokio::test]
async fn a_removal_that_is_repeated_after_a_crash_makes_the_cache_forget() {
    let (database, redis) = (Database::memory().await, Redis::start().await);
    let ((_, here), (_, dying)) = (open(&database, Some(&redis)), open(&database, None));
    let new = NewProduct { id: Some(id("mug")), ..new_product("Mug") };
    let version = here.create_product(new, now()).await.expect("created").product.version;
    here.product(&id("mug")).await.expect("and cached");
    dying.archive_product(&id("mug"), version, now()).await.expect("committed, and no cache was told");
    here.product(&id("mug")).await.expect("still cached");
    let repeated = here.archive_product(&id("mug"), version, now()).await;
    assert!(matches!(repeated, Err(Error::NotFound(_))));
    assert!(matches!(here.product(&id("mug")).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn what_is_looked_for_before_it_is_created_is_found_after() {
    let (database, redis) = (Database::memory().await, Redis::start().await);
    let process = || open(&database, Some(&redis)).1;
    assert!(matches!(process().product(&id("mug")).await, Err(Error::NotFound(_))));
    let creator = process();
    assert!(matches!(creator.product(&id("mug")).await, Err(Error::NotFound(_))));
    let new = NewProduct { id: Some(id("mug")), ..new_product("Mug") };
    creator.create_product(new, now()).await.expect("created");
    for store in [creator, process()] {
        store.product(&id("mug")).await.expect("found at once");
    }
}

#[tokio::test]
async fn a_page_beyond_one_batch_of_the_table_is_whole() {
    let shop = Shop::open().await;
    for n in 0..40 {
        let new = NewProduct { id: Some(id(&format!("p{n:02}"))), ..new_product("Mug") };
        shop.store.create_product(new, now()).await.expect("created");
    }
    // 40 products are 120 items: more than one `BatchGetItem` takes.
    let page = PageRequest { limit: 100, after: None };
    let page = shop.store.product_page(None, page).await.expect("a page");
    assert_eq!((page.items.len(), page.next), (40, None));
}

#[test]
fn a_setting_that_is_missing_is_named() {
    let error = Config::read(&|_| None).expect_err("nothing is set");
    assert!(error.to_string().contains("TABLE_NAME"));
}
