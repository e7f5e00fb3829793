//! What orders leave in the table.

use std::time::Duration;

use domain::{
    BasketItem, Error, IdempotencyKey, OrderStatus, PAYMENT_WINDOW, PaymentFlag, Quantity, Version,
};
use futures::future::join_all;
use local::faults::Fault;
use local::testing::{Database, Redis};
use store::{Decision, Expiry, NewOrder, OrderSource, PageRequest, Request};

use crate::shop::{SUCCEEDED, Shop, adjustment, id, new_product, now, open, order, request, said, user};

#[tokio::test]
async fn an_order_is_its_items_its_entry_its_record_and_nothing_else() {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    let before = shop.keys().await;
    let order = shop.ordered("a#nn", "k", &[("mug", 3)]).await;
    let keys = shop.keys().await;
    let new: Vec<&String> = keys.iter().filter(|key| !before.contains(key)).collect();
    assert!(new[0].starts_with("IDEMPOTENCY#"), "{new:?}");
    assert_eq!(new[1], &format!("ORDER#{order} | ORDER"));
    assert_eq!(new[2], &format!("ORDER#{order} | PAYMENT"));
    assert!(new[3].starts_with("USER#a%23nn | ORDER#0") && new[3].ends_with(&format!("#{order}")), "{new:?}");
    assert_eq!(new.len(), 4);
}

#[tokio::test]
async fn an_order_stands_in_the_index_as_long_as_it_is_unpaid() {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    let indexed = async |order: &domain::OrderId| {
        shop.items().await[&format!("ORDER#{order} | ORDER")].contains_key("sparse_pk")
    };
    let [paid, cancelled] =
        [shop.ordered("ann", "1", &[("mug", 1)]).await, shop.ordered("ann", "2", &[("mug", 1)]).await];
    assert!(indexed(&paid).await && indexed(&cancelled).await);
    shop.paid("ann", &paid, 100).await;
    shop.store.cancel_order(&user("ann"), &cancelled, now()).await.expect("cancelled");
    assert!(!indexed(&paid).await && !indexed(&cancelled).await);
}

#[tokio::test]
async fn stock_says_which_order_moved_it_and_comes_back_to_an_archived_product() {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    let order = shop.ordered("ann", "k", &[("mug", 3)]).await;
    let stock = &shop.items().await["PRODUCT#mug | STOCK"];
    assert_eq!(stock["reason"].as_s().expect("text"), &format!("order {order}, pending_payment"));
    shop.store.archive_product(&id("mug"), Version::FIRST, now()).await.expect("archived");
    shop.store.cancel_order(&user("ann"), &order, now()).await.expect("cancelled");
    assert_eq!(shop.available("mug").await, 10);
}

#[tokio::test]
async fn of_many_at_once_as_many_are_placed_as_there_are_pieces() {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    let stores: Vec<_> = (0..4).map(|_| open(&shop.database, None).1).collect();
    let keys: Vec<String> = (0..40).map(|key| key.to_string()).collect();
    let orders = keys.iter().zip(stores.iter().cycle());
    let orders = orders.map(|(key, store)| order(store, "ann", key, &[("mug", 1)], now()));
    let (placed, refused): (Vec<_>, Vec<_>) = join_all(orders).await.into_iter().partition(Result::is_ok);
    assert_eq!((placed.len(), shop.available("mug").await), (10, 0));
    for refusal in refused {
        let Err(Error::OutOfStock(short)) = refusal else { panic!("{refusal:?}") };
        assert_eq!((short[0].product_id.as_str(), short[0].available), ("mug", 0));
    }
}

#[tokio::test]
async fn what_is_archived_while_it_is_being_ordered_is_not_sold() {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    let late = Fault::Delay(Duration::from_millis(1_500));
    shop.database.faults().inject(late.on("TransactWriteItems").touching("ORDER#").next(1));
    let archive = async {
        shop.struck("Delay").await;
        shop.store.archive_product(&id("mug"), Version::FIRST, now()).await.expect("archived");
    };
    let (placed, ()) = tokio::join!(shop.order("ann", "k", &[("mug", 1)]), archive);
    assert!(matches!(placed, Err(Error::NotSold(ids)) if ids == [id("mug")]));
    assert_eq!(shop.available("mug").await, 10);
}

#[tokio::test]
async fn orders_expire_when_their_time_is_over_and_not_before() {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    let order = shop.ordered("ann", "k", &[("mug", 3)]).await;
    let due = shop.store.order(&user("ann"), &order).await.expect("there").order.pay_by;
    let early = due - jiff::SignedDuration::from_millis(1);
    assert_eq!(shop.store.expire_orders(early).await, Expiry::default());
    assert_eq!(shop.store.expire_orders(due).await, Expiry { expired: 1, ..Expiry::default() });
    assert_eq!(shop.store.expire_orders(due).await, Expiry::default());
    assert_eq!(shop.available("mug").await, 10);
}

#[tokio::test]
async fn runs_at_once_expire_each_order_once() {
    let shop = Shop::open().await;
    shop.stock("mug", 100).await;
    join_all((0..40).map(|n| async move { n }).map(async |n| {
        shop.ordered("ann", &n.await.to_string(), &[("mug", 2)]).await;
    }))
    .await;
    assert_eq!(shop.available("mug").await, 20);
    let later = now() + PAYMENT_WINDOW;
    let stores: Vec<_> = (0..4).map(|_| open(&shop.database, None).1).collect();
    let runs = join_all(stores.iter().map(|store| store.expire_orders(later))).await;
    let rest = shop.store.expire_orders(later).await;
    let expired: u64 = runs.iter().chain([&rest]).map(|run| run.expired).sum();
    assert_eq!(expired, 40, "{runs:?} {rest:?}");
    assert_eq!(shop.available("mug").await, 100);
}

#[tokio::test]
async fn a_run_that_has_no_time_left_leaves_the_rest_to_the_next() {
    let shop = Shop::open().await;
    shop.stock("mug", 100).await;
    for n in 0..5 {
        shop.ordered("ann", &n.to_string(), &[("mug", 1)]).await;
    }
    let (later, soon) = (now() + PAYMENT_WINDOW, tokio::time::Instant::now() + Duration::from_secs(1));
    let cut_off = retry::deadline::scope(Some(soon), shop.store.expire_orders(later)).await;
    assert_eq!(cut_off, Expiry { unfinished: cut_off.unfinished, ..Expiry::default() });
    assert!(cut_off.unfinished > 0);
    assert_eq!(shop.store.expire_orders(later).await.expired, 5);
}

#[tokio::test]
async fn a_payment_that_comes_twice_or_late_is_applied_once_and_flagged() {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    let order = shop.ordered("ann", "k", &[("mug", 3)]).await;
    let paid = said(SUCCEEDED, &order, 300);
    shop.store.keep_event(&paid).await.expect("kept");
    let decisions = join_all((0..8).map(|_| shop.store.apply_event(&paid, now()))).await;
    let first = decisions.into_iter().map(|decision| decision.expect("decided"));
    assert_eq!(first.filter(|decision| *decision != Decision::Before).count(), 1);
    let purchase = shop.store.order(&user("ann"), &order).await.expect("there");
    assert_eq!(purchase.order.status, OrderStatus::Paid);
    assert_eq!((purchase.order.version, purchase.payment.version), (Version::new(2), Version::new(2)));

    let late = shop.ordered("ann", "l", &[("mug", 3)]).await;
    shop.store.cancel_order(&user("ann"), &late, now()).await.expect("cancelled");
    let purchase = shop.paid("ann", &late, 300).await;
    assert_eq!(purchase.order.status, OrderStatus::Cancelled);
    assert_eq!(purchase.payment.flags(&purchase.order), [PaymentFlag::RefundDue]);
    assert_eq!(shop.available("mug").await, 7);
}

#[tokio::test]
async fn a_payment_and_a_cancel_at_once_end_in_one_of_the_two() {
    let shop = Shop::open().await;
    shop.stock("mug", 100).await;
    for n in 0..20 {
        let order = shop.ordered("ann", &n.to_string(), &[("mug", 1)]).await;
        let ann = user("ann");
        let (paid, cancelled) =
            tokio::join!(shop.paid("ann", &order, 100), shop.store.cancel_order(&ann, &order, now()));
        let after = paid.order.status;
        match cancelled {
            Ok(_) => assert_eq!(
                shop.store.order(&ann, &order).await.expect("there").order.status,
                OrderStatus::Cancelled
            ),
            Err(Error::NotCancellable { status }) => {
                assert_eq!((status, after), (OrderStatus::Paid, OrderStatus::Paid));
            }
            Err(error) => panic!("{error}"),
        }
    }
    let page =
        shop.store.order_page(&user("ann"), PageRequest { limit: 100, after: None }).await.expect("a page");
    let sold = page.items.iter().filter(|purchase| purchase.order.status == OrderStatus::Paid).count();
    assert_eq!(shop.available("mug").await + i64::try_from(sold).expect("few"), 100);
}

#[tokio::test]
async fn an_ordered_cart_that_comes_again_after_a_crash_makes_the_cache_forget_what_was_in_it() {
    let (database, redis) = (Database::memory().await, Redis::start().await);
    let ((_, here), (_, dying)) = (open(&database, Some(&redis)), open(&database, None));
    here.create_product(new_product("Mug"), now()).await.expect("created");
    here.adjust_stock(&id("mug"), &adjustment(10), &request("in", 10), now()).await.expect("adjusted");
    let mugs = BasketItem { product_id: id("mug"), quantity: Quantity::new(3).expect("a quantity") };
    here.set_cart_item(&user("ann"), &mugs, None).await.expect("set");
    assert_eq!(here.stock(&id("mug")).await.expect("and cached").available, 10);

    let key = IdempotencyKey::new("k").expect("a key");
    let request = Request::new(&user("ann"), &key, "place order", &"cart");
    let new = NewOrder { user: user("ann"), source: OrderSource::Cart, expected_total: None };
    for store in [&dying, &here] {
        let placed = store.place_order(&new, &request, now(), |purchase| purchase.order.id.clone()).await;
        placed.expect("committed, and the first time no cache was told");
    }
    assert_eq!(here.stock(&id("mug")).await.expect("there").available, 7);
}
