//! What goes wrong on the way to DynamoDB: retried where that is safe, told in
//! time where it is not, and nothing done twice or by half.

use std::time::{Duration, Instant};

use domain::{Error, OrderStatus, PAYMENT_WINDOW};
use local::faults::{Fault, Position};
use store::{Expiry, PageRequest};

use crate::shop::{SUCCEEDED, Shop, hear, id_of, now, open_with, order, said, user};

const TRANSACT: &str = "TransactWriteItems";

async fn shop_with_mugs() -> Shop {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    shop
}

/// One order of 3 mugs is there, and nothing else happened.
async fn one_order(shop: &Shop, answer: &store::Answer) {
    shop.database.faults().clear();
    let items = shop.items().await;
    let orders: Vec<_> = items.keys().filter(|key| key.ends_with(" | ORDER")).collect();
    assert_eq!(orders, [&format!("ORDER#{} | ORDER", id_of(answer))]);
    assert_eq!(items.keys().filter(|key| key.ends_with(" | PAYMENT")).count(), 1);
    assert_eq!(shop.available("mug").await, 7);
}

async fn nothing_happened(shop: &Shop) {
    shop.database.faults().clear();
    assert!(!shop.keys().await.iter().any(|key| key.starts_with("ORDER#")));
    assert_eq!(shop.available("mug").await, 10);
}

#[tokio::test]
async fn what_passes_is_retried_and_happens_once() {
    for fault in [
        Fault::Conflict(Position::Random),
        Fault::InProgress,
        Fault::Throttled,
        Fault::ThroughputExceeded,
        Fault::CancelledByThrottling(Position::Random),
        Fault::ErrorBefore,
        Fault::ErrorAfter,
        Fault::LostReply,
    ] {
        let shop = shop_with_mugs().await;
        shop.database.faults().inject(fault.on(TRANSACT).next(3));
        let answer = shop.order("ann", "k", &[("mug", 3)]).await;
        let answer = answer.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        one_order(&shop, &answer).await;
    }
}

#[tokio::test]
async fn what_is_sent_again_is_the_same_to_the_byte_its_token_included() {
    let shop = shop_with_mugs().await;
    let faults = shop.database.faults();
    for fault in [Fault::LostReply, Fault::Throttled, Fault::Conflict(Position::Random)] {
        let order = shop.ordered("ann", fault.name(), &[("mug", 3)]).await;
        faults.inject(fault.on(TRANSACT).next(1));
        faults.start_recording();
        shop.store.cancel_order(&user("ann"), &order, now()).await.expect("cancelled");
        let calls = faults.stop_recording().into_iter().filter(|call| call.operation == TRANSACT);
        let sent: Vec<_> = calls.map(|call| call.request).collect();
        assert_eq!((sent.len(), &sent[0]), (2, &sent[1]), "{fault:?}");
    }
}

#[tokio::test]
async fn a_reply_that_never_comes_is_found_in_the_record() {
    let shop = shop_with_mugs().await;
    let (_, hasty) = open_with(&shop.database, None, &[("DYNAMODB_ATTEMPT_TIMEOUT_MS", "200")]);
    shop.database.faults().inject(Fault::NoReply.on(TRANSACT).next(1));
    let sent = shop.database.faults().counts().calls_of(TRANSACT);
    let answer = order(&hasty, "ann", "k", &[("mug", 3)], now()).await.expect("found");
    assert_eq!(shop.database.faults().counts().calls_of(TRANSACT), sent + 1, "it is not sent again");
    one_order(&shop, &answer).await;
}

#[tokio::test]
async fn a_transaction_that_is_late_happens_once_whenever_it_does() {
    let shop = shop_with_mugs().await;
    let (_, hasty) = open_with(&shop.database, None, &[("DYNAMODB_ATTEMPT_TIMEOUT_MS", "200")]);
    shop.database.faults().inject(Fault::Delay(Duration::from_millis(600)).on(TRANSACT).next(1));
    let answer = order(&hasty, "ann", "k", &[("mug", 3)], now()).await.expect("sent again");
    tokio::time::sleep(Duration::from_secs(1)).await;
    one_order(&shop, &answer).await;
}

#[tokio::test]
async fn no_one_is_told_that_an_order_failed_which_may_still_arrive() {
    let shop = shop_with_mugs().await;
    let (_, hasty) = open_with(&shop.database, None, &[("DYNAMODB_ATTEMPT_TIMEOUT_MS", "1500")]);
    let late = Fault::Delay(Duration::from_secs(4));
    shop.database.faults().inject(late.on(TRANSACT).touching("USER#ann").next(1));
    let bob = async {
        shop.struck("Delay").await;
        shop.ordered("bob", "k", &[("mug", 10)]).await
    };
    let (ann, bobs) = tokio::join!(order(&hasty, "ann", "k", &[("mug", 3)], now()), bob);
    assert!(matches!(ann, Err(Error::Busy)), "{ann:?}");
    shop.store.cancel_order(&user("bob"), &bobs, now()).await.expect("the stock is back");
    tokio::time::sleep(Duration::from_secs(4)).await;
    let again = shop.order("ann", "k", &[("mug", 3)]).await.expect("it arrived");
    assert!(again.replayed);
    assert_eq!(shop.available("mug").await, 7);
}

#[tokio::test]
async fn what_does_not_pass_is_told_and_has_not_happened() {
    for fault in [
        Fault::Conflict(Position::Random),
        Fault::Throttled,
        Fault::CancelledByThrottling(Position::Random),
        Fault::InProgress,
        Fault::ErrorBefore,
    ] {
        let shop = shop_with_mugs().await;
        shop.database.faults().inject(fault.on(TRANSACT));
        let refused = shop.order("ann", "k", &[("mug", 3)]).await;
        assert!(matches!(refused, Err(Error::Busy | Error::Unavailable { .. })), "{fault:?}: {refused:?}");
        nothing_happened(&shop).await;
        let answer = shop.order("ann", "k", &[("mug", 3)]).await.expect("the key is free");
        one_order(&shop, &answer).await;
    }
}

#[tokio::test]
async fn nothing_waits_past_the_deadline() {
    let hang = Duration::from_mins(1);
    for fault in [Fault::Delay(hang), Fault::NoReply, Fault::Throttled, Fault::Conflict(Position::Random)] {
        for operation in [TRANSACT, "BatchGetItem"] {
            let shop = shop_with_mugs().await;
            shop.database.faults().inject(fault.on(operation));
            let (start, left) = (Instant::now(), Duration::from_millis(700));
            let deadline = tokio::time::Instant::now() + left;
            let ended = retry::deadline::scope(Some(deadline), shop.order("ann", "k", &[("mug", 3)])).await;
            if operation == TRANSACT {
                assert!(
                    matches!(ended, Err(Error::Busy | Error::Unavailable { .. })),
                    "{fault:?}: {ended:?}"
                );
            }
            let over = start.elapsed().saturating_sub(left);
            assert!(over < Duration::from_millis(400), "{fault:?} on {operation}: {over:?} too late");
        }
    }
}

#[tokio::test]
async fn a_batch_that_comes_in_parts_is_read_whole() {
    let shop = shop_with_mugs().await;
    shop.database.faults().inject(Fault::PartOfKeys(2).on("BatchGetItem").next(1));
    let answer = shop.order("ann", "k", &[("mug", 3)]).await.expect("placed");
    assert_eq!(shop.database.faults().counts().injected["PartOfKeys"], 1);
    one_order(&shop, &answer).await;
}

#[tokio::test]
async fn an_order_that_is_seen_in_part_is_read_again() {
    let shop = shop_with_mugs().await;
    let (ann, order) = (user("ann"), shop.ordered("ann", "k", &[("mug", 3)]).await);
    let faults = shop.database.faults();
    for part in ["ORDER", "PAYMENT"] {
        faults.inject(Fault::Unseen(part).on("Query").next(1));
        assert_eq!(shop.store.order(&ann, &order).await.expect("whole").order.id, order);
        faults.inject(Fault::Unseen(part).on("BatchGetItem").next(2));
        let page = shop.store.order_page(&ann, PageRequest { limit: 5, after: None }).await.expect("a page");
        assert_eq!(page.items.len(), 1);
        faults.inject(Fault::Unseen(part).on("BatchGetItem").next(1));
        shop.paid("ann", &order, if part == "ORDER" { 1 } else { 2 }).await;
    }
    assert_eq!(faults.counts().injected["Unseen"], 8);
    faults.inject(Fault::Unseen("PAYMENT").on("Query"));
    assert!(matches!(shop.store.order(&ann, &order).await, Err(Error::Corrupt { .. })));
}

#[tokio::test]
async fn a_cancel_and_a_payment_happen_once_whatever_is_lost() {
    for fault in [Fault::LostReply, Fault::ErrorAfter, Fault::InProgress, Fault::Conflict(Position::At(0))] {
        let shop = shop_with_mugs().await;
        let [paid, cancelled] = [("a", 3), ("b", 4)].map(|(key, n)| (key, [("mug", n)]));
        let paid = shop.ordered("ann", paid.0, &paid.1).await;
        let cancelled = shop.ordered("ann", cancelled.0, &cancelled.1).await;
        shop.database.faults().inject(fault.on(TRANSACT).next(1));
        let said = said(SUCCEEDED, &paid, 300);
        hear(&shop.store, &said).await.expect("decided");
        let settled = shop.store.order(&user("ann"), &paid).await.expect("there");
        assert_eq!(settled.order.status, OrderStatus::Paid, "{fault:?}");
        shop.database.faults().inject(fault.on(TRANSACT).next(1));
        let off = shop.store.cancel_order(&user("ann"), &cancelled, now()).await;
        assert_eq!(off.expect("cancelled").order.status, OrderStatus::Cancelled, "{fault:?}");
        assert_eq!(shop.available("mug").await, 7, "{fault:?}");
    }
}

#[tokio::test]
async fn a_late_index_expires_orders_later_and_never_twice_or_wrongly() {
    let shop = shop_with_mugs().await;
    let lag = Duration::from_secs(3);
    let paid = shop.ordered("ann", "paid", &[("mug", 1)]).await;
    shop.database.faults().set_index_lag(Some(lag)).await.expect("a lag");
    tokio::time::sleep(lag).await;
    shop.ordered("ann", "k", &[("mug", 3)]).await;
    shop.paid("ann", &paid, 100).await;
    let later = now() + PAYMENT_WINDOW;
    let run = shop.store.expire_orders(later).await;
    assert_eq!(run, Expiry { skipped: 1, ..Expiry::default() }, "it shows the one that is paid alone");
    tokio::time::sleep(lag + Duration::from_millis(200)).await;
    assert_eq!(shop.store.expire_orders(later).await, Expiry { expired: 1, ..Expiry::default() });
    assert_eq!(shop.store.expire_orders(later).await, Expiry { skipped: 1, ..Expiry::default() });
    assert_eq!(shop.available("mug").await, 9);
}

#[tokio::test]
async fn anothers_order_and_an_unknown_one_are_asked_for_and_answered_alike() {
    let shop = shop_with_mugs().await;
    let bobs = shop.ordered("bob", "k", &[("mug", 1)]).await;
    let unknown = domain::OrderId::new("0193a1b2-0000-7000-8000-000000000001").expect("a UUID");
    let faults = shop.database.faults();
    let mut seen = Vec::new();
    for id in [&bobs, &unknown] {
        faults.start_recording();
        assert!(matches!(shop.store.order(&user("ann"), id).await, Err(Error::NotFound(_))));
        assert!(matches!(shop.store.cancel_order(&user("ann"), id, now()).await, Err(Error::NotFound(_))));
        let calls = faults.stop_recording().into_iter();
        let shape = |call: local::faults::Exchange| {
            (call.operation, call.request.len(), call.response.expect("an answer").1.len())
        };
        seen.push(calls.map(shape).collect::<Vec<_>>());
    }
    assert_eq!(seen[0].len(), 2);
    assert_eq!(seen[0], seen[1], "same calls, of the same size, both ways");
}

#[tokio::test]
async fn calls_beyond_the_slots_wait_and_the_slow_ones_are_counted() {
    let shop = shop_with_mugs().await;
    let settings = [("DYNAMODB_SLOTS", "2"), ("DYNAMODB_SLOW_MS", "700")];
    let (_, store) = open_with(&shop.database, None, &settings);
    let faults = shop.database.faults();
    let before = faults.counts().most_in_flight;
    assert!(before <= 2, "the shop is quiet");
    faults.inject(Fault::Delay(Duration::from_millis(800)).on("GetItem").next(4));
    let pings = (0..8).map(|_| store.ping());
    let pings = futures::future::join_all(pings).await;
    assert!(pings.into_iter().all(|ping| ping.is_ok()));
    assert_eq!(faults.counts().most_in_flight, 2);
    let used = store.database_use();
    let probe = used.operations["health probe"];
    assert_eq!((used.slots, used.most_slots_used, probe.calls, probe.slow), (2, 2, 8, 4));
    assert!(used.waits >= 6 && probe.p95 >= Duration::from_millis(700), "{used:?}");
}

#[tokio::test]
async fn reads_are_retried_by_the_sdk_and_counted() {
    let shop = shop_with_mugs().await;
    shop.database.faults().inject(Fault::Throttled.on("GetItem").next(2));
    shop.store.ping().await.expect("the third try");
    let probe = shop.store.database_use().operations["health probe"];
    assert_eq!((probe.calls, probe.retries, probe.failures), (1, 2, 0));
}
