//! What a cart leaves in the table, and in the cache when a writer dies.

use domain::{BasketItem, Quantity, UserId, Version};
use local::testing::{Database, Redis};
use store::Store;

use crate::shop::{Shop, id, key, new_product, now, open, user};

fn alice() -> UserId {
    user("alice")
}

fn mugs(pieces: i64) -> BasketItem {
    BasketItem { product_id: id("mug"), quantity: Quantity::new(pieces).expect("a quantity") }
}

async fn stock(store: &Store) {
    store.create_product(new_product("Mug"), now()).await.expect("created");
}

/// The version of the cart in the table, and the number of its lines.
async fn stands(shop: &Shop) -> (String, usize) {
    let items = shop.items().await;
    let cart = items.values().find(|item| key(item) == "USER#alice | CART").expect("a cart");
    let lines = cart["basket"].as_l().expect("a list").len();
    (cart["version"].as_n().expect("a number").clone(), lines)
}

/// Reads until the cache answers, so that there is something to forget: one
/// that is slow to connect keeps nothing yet.
async fn cached<T>(store: &Store, read: &impl AsyncFn() -> T) {
    let before = store.cache().counters().l2_hits;
    while store.cache().counters().l2_hits == before {
        read().await;
    }
}

#[tokio::test]
async fn an_emptied_cart_stays_and_goes_on_counting() {
    let shop = Shop::open().await;
    stock(&shop.store).await;
    for (version, empty) in [(1, 2), (3, 4)] {
        let filled = shop.store.set_cart_item(&alice(), &mugs(2), None).await.expect("set");
        assert_eq!(filled.version, Version::new(version));
        assert_eq!(stands(&shop).await, (version.to_string(), 1));
        let emptied = shop.store.empty_cart(&alice(), None).await.expect("emptied");
        assert_eq!(emptied.version, Version::new(empty));
        assert_eq!(stands(&shop).await, (empty.to_string(), 0));
    }
}

#[tokio::test]
async fn a_removed_line_leaves_the_cart_where_it_was() {
    let shop = Shop::open().await;
    stock(&shop.store).await;
    shop.store.set_cart_item(&alice(), &mugs(2), None).await.expect("set");
    shop.store.remove_cart_item(&alice(), &mugs(2).product_id, None).await.expect("removed");
    assert_eq!(stands(&shop).await, ("2".to_owned(), 0));
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
    let shop = Shop::open().await;
    stock(&shop.store).await;
    let catalogue = shop.keys().await;
    shop.store.empty_cart(&alice(), None).await.expect("empty already");
    shop.store.remove_cart_item(&alice(), &mugs(1).product_id, None).await.expect("not in there");
    assert_eq!(shop.keys().await, catalogue);
    shop.store.set_cart_item(&alice(), &mugs(2), None).await.expect("set");
    shop.store.set_cart_item(&alice(), &mugs(2), None).await.expect("set already");
    assert_eq!(stands(&shop).await, ("1".to_owned(), 1));
}

#[tokio::test]
async fn a_write_that_is_repeated_after_a_crash_makes_the_cache_forget() {
    let (database, redis) = (Database::memory().await, Redis::start().await);
    let ((_, here), (_, dying)) = (open(&database, Some(&redis)), open(&database, None));
    stock(&here).await;
    let user = alice();
    let seen = async || here.cart(&user).await.expect("a cart").version;
    cached(&here, &seen).await;

    dying.set_cart_item(&alice(), &mugs(2), None).await.expect("committed, and no cache was told");
    here.set_cart_item(&alice(), &mugs(2), None).await.expect("repeated");
    assert_eq!(seen().await, Version::new(1));
    cached(&here, &seen).await;

    dying.empty_cart(&alice(), None).await.expect("committed, and no cache was told");
    let repeated = here.empty_cart(&alice(), Some(Version::new(1))).await;
    assert!(matches!(repeated, Err(domain::Error::Stale { current }) if current == Version::new(2)));
    assert_eq!(seen().await, Version::new(2));
}
