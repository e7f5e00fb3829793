//! Events of payment providers: kept once, decided once, applied in any order.

use std::time::Duration;

use domain::{Error, EventId, EventKey, OrderId, OrderStatus, PAYMENT_WINDOW, PaymentFlag, Version};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use local::faults::{Fault, Position};
use proptest::prelude::*;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{Decision, Event, Kept, Outcome, Purchase, Store, Sweep};

use crate::shop::{FAILED, Item, REFUNDED, SUCCEEDED, Shop, event, hear, key, now, number, open, said, user};

/// An order of three mugs at a pound.
async fn shop_with_order() -> (Shop, OrderId) {
    let shop = Shop::open().await;
    shop.stock("mug", 10).await;
    let order = shop.ordered("ann", "k", &[("mug", 3)]).await;
    (shop, order)
}

fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).map(|value| value.as_s().expect("text").as_str())
}

fn outcome(decision: &Decision) -> (Outcome, &str) {
    let Decision::Now { outcome, reason } = decision else { unreachable!("it was decided before") };
    (*outcome, reason)
}

/// When the sweep does not leave it to the stream any more.
fn later() -> Timestamp {
    now() + SignedDuration::from_mins(1)
}

#[tokio::test]
async fn an_event_is_kept_byte_for_byte_and_waits_in_the_index_until_it_is_decided() {
    let (shop, order) = shop_with_order().await;
    let said = said(SUCCEEDED, &order, 300);
    assert_eq!(shop.store.keep_event(&said).await.expect("kept"), Kept::New);
    assert_eq!(shop.store.event(&said.key).await.expect("there"), said);
    let kept = shop.event_item(&said).await;
    assert!(text(&kept, "sparse_pk").expect("indexed").starts_with("INBOX#"));
    assert!(!kept.contains_key("expires_at") && !kept.contains_key("outcome"));

    shop.store.apply_event(&said, now()).await.expect("applied");
    let applied = shop.event_item(&said).await;
    assert_eq!(text(&applied, "outcome"), Some("applied"));
    assert_eq!(text(&applied, "reason"), Some(&*format!("order {order} is paid")));
    assert!(!applied.contains_key("sparse_pk") && !applied.contains_key("sparse_sk"));
    let days = (number(&applied["expires_at"]) - now().as_second()) / (24 * 60 * 60);
    assert!((29..=30).contains(&days), "{days}");
}

#[tokio::test]
async fn what_is_no_text_is_kept_as_it_is_too() {
    let shop = Shop::open().await;
    let bytes = event("evt_1", b"\xff\x00{".to_vec());
    shop.store.keep_event(&bytes).await.expect("kept");
    assert_eq!(shop.store.event(&bytes.key).await.expect("there"), bytes);
    let missing = event("evt_2", "").key;
    assert!(matches!(shop.store.event(&missing).await, Err(Error::NotFound("event"))));
}

#[tokio::test]
async fn of_many_copies_at_once_one_is_kept_and_one_applied() {
    let (shop, order) = shop_with_order().await;
    let (copy, stores) = (said(SUCCEEDED, &order, 300), (0..4).map(|_| open(&shop.database, None).1));
    let stores: Vec<Store> = stores.collect();
    let ends = join_all((0..50).map(async |n| {
        let store = &stores[n % stores.len()];
        (
            store.keep_event(&copy).await.expect("kept"),
            store.apply_event(&copy, now()).await.expect("decided"),
        )
    }))
    .await;
    assert_eq!(ends.iter().filter(|(kept, _)| *kept == Kept::New).count(), 1);
    assert_eq!(ends.iter().filter(|(_, decision)| *decision != Decision::Before).count(), 1);
    let Purchase { order, payment } = shop.store.order(&user("ann"), &order).await.expect("there");
    assert_eq!(
        (order.status, order.version, payment.version),
        (OrderStatus::Paid, Version::new(2), Version::new(2))
    );
    let events = shop.keys().await.into_iter().filter(|key| key.starts_with("WEBHOOK#"));
    assert_eq!(events.count(), 1);
}

#[tokio::test]
async fn whose_answer_got_lost_is_told_that_the_event_is_new() {
    let shop = Shop::open().await;
    for (n, fault) in
        [Fault::LostReply, Fault::ErrorAfter, Fault::Conflict(Position::At(0))].into_iter().enumerate()
    {
        shop.database.faults().inject(fault.on("PutItem").next(1));
        let event = event(&format!("evt_{n}"), "{}");
        assert_eq!(shop.store.keep_event(&event).await.expect("kept"), Kept::New, "{fault:?}");
        assert_eq!(shop.store.keep_event(&event).await.expect("kept"), Kept::Duplicate, "{fault:?}");
    }
}

#[tokio::test]
async fn a_table_that_does_not_answer_has_kept_nothing_for_sure() {
    let shop = Shop::open().await;
    for fault in [Fault::ErrorBefore, Fault::Throttled, Fault::Conflict(Position::At(0))] {
        shop.database.faults().inject(fault.on("PutItem"));
        let refused = shop.store.keep_event(&event("evt_1", "{}")).await;
        assert!(matches!(refused, Err(Error::Busy | Error::Unavailable { .. })), "{fault:?}: {refused:?}");
        shop.database.faults().clear();
    }
    assert!(shop.keys().await.is_empty());
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_fails_says_why_and_is_kept_for_good() {
    let shop = Shop::open().await;
    let nobodys = OrderId::new("0193a1b2-0000-7000-8000-000000000001").expect("a UUID");
    for (event, reason) in [
        (said(SUCCEEDED, &nobodys, 300), "there is no order 0193a1b2"),
        (said(FAILED, &nobodys, 300), "there is no order 0193a1b2"),
        (event("evt_1", "{"), "the body is no event in JSON"),
        (event("evt_2", "\u{0}"), "the body is no event in JSON"),
        (event("evt_3", json!({"type": SUCCEEDED}).to_string()), "data.object is amiss"),
    ] {
        let decision = hear(&shop.store, &event).await.expect("decided");
        let (outcome, why) = outcome(&decision);
        assert!(outcome == Outcome::Failed && why.starts_with(reason), "{decision:?}");
        let item = shop.event_item(&event).await;
        assert_eq!((text(&item, "outcome"), text(&item, "reason")), (Some("failed"), Some(why)));
        assert!(
            !item.contains_key("expires_at")
                && text(&item, "sparse_pk").expect("listed").starts_with("FAILED#")
        );
    }
    let failed = shop.store.failed_events(now()).await;
    assert_eq!((failed.events.len(), failed.complete), (5, true));
    assert!(failed.events.is_sorted() && failed.events.contains(&event("evt_1", "").key));
    shop.database.faults().inject(Fault::ErrorBefore.on("Query"));
    assert!(!shop.store.failed_events(now()).await.complete);
}

#[tokio::test]
async fn an_event_of_another_type_is_ignored_and_a_failed_attempt_changes_nothing() {
    let (shop, order) = shop_with_order().await;
    let other = event("evt_1", json!({"type": "customer.created"}).to_string());
    let decision = hear(&shop.store, &other).await.expect("decided");
    assert_eq!(outcome(&decision), (Outcome::Ignored, "events of type customer.created mean nothing here"));
    assert!(shop.event_item(&other).await.contains_key("expires_at"));

    let before = shop.store.order(&user("ann"), &order).await.expect("there");
    let decision = hear(&shop.store, &said(FAILED, &order, 300)).await.expect("decided");
    let reason = format!("an attempt to pay failed: order {order} is pending_payment");
    assert_eq!(outcome(&decision), (Outcome::Applied, &*reason));
    assert_eq!(shop.store.order(&user("ann"), &order).await.expect("there"), before);
    assert_eq!(shop.paid("ann", &order, 300).await.order.status, OrderStatus::Paid);
}

#[tokio::test]
async fn another_amount_or_currency_is_kept_and_flagged_and_pays_nothing() {
    let (shop, order) = shop_with_order().await;
    let euros = said(SUCCEEDED, &order, 300);
    let euros = event("evt_eur", String::from_utf8(euros.body).expect("text").replace("gbp", "eur"));
    hear(&shop.store, &euros).await.expect("decided");
    let purchase = shop.paid("ann", &order, 299).await;
    assert_eq!(
        (purchase.order.status, purchase.payment.captured().amount()),
        (OrderStatus::PendingPayment, 299)
    );
    let flags = [PaymentFlag::WrongAmount, PaymentFlag::WrongCurrency];
    assert_eq!(purchase.payment.flags(&purchase.order), flags);
    let reason = format!("order {order} is pending_payment, flagged wrong_amount, wrong_currency");
    assert_eq!(text(&shop.event_item(&said(SUCCEEDED, &order, 299)).await, "reason"), Some(&*reason));
}

#[tokio::test]
async fn an_event_that_failed_is_applied_when_it_is_tried_again_after_all() {
    let (shop, order) = shop_with_order().await;
    let (parts, said) = (shop.taken_away(&order).await, said(SUCCEEDED, &order, 300));
    let failed = hear(&shop.store, &said).await.expect("decided");
    assert_eq!(outcome(&failed).0, Outcome::Failed);
    assert_eq!(shop.store.sweep_events(later()).await, Sweep::default(), "a person has to look first");
    assert_eq!(shop.store.failed_events(now()).await.events, std::slice::from_ref(&said.key));

    shop.put_back(parts).await;
    let applied = shop.store.apply_event(&said, now()).await.expect("decided");
    assert_eq!(outcome(&applied).0, Outcome::Applied);
    assert_eq!(shop.store.apply_event(&said, now()).await.expect("decided"), Decision::Before);
    assert_eq!(shop.store.failed_events(now()).await.events, []);
    assert_eq!(shop.store.order(&user("ann"), &order).await.expect("there").order.status, OrderStatus::Paid);
}

#[tokio::test]
async fn the_sweep_decides_what_was_left_undecided_for_a_while() {
    let (shop, order) = shop_with_order().await;
    let all = [said(SUCCEEDED, &order, 300), event("evt_1", "{}{"), event("evt_2", r#"{"type":"a"}"#)];
    for event in &all {
        shop.store.keep_event(event).await.expect("kept");
    }
    assert_eq!(shop.store.sweep_events(now()).await, Sweep::default(), "they are the stream's yet");
    let swept = shop.store.sweep_events(later()).await;
    assert_eq!(swept, Sweep { applied: 1, ignored: 1, failed: 1, ..Sweep::default() });
    assert_eq!(shop.store.sweep_events(later()).await, Sweep::default());
    assert_eq!(shop.store.order(&user("ann"), &order).await.expect("there").order.status, OrderStatus::Paid);
}

#[tokio::test]
async fn a_late_index_makes_the_sweep_ask_and_change_nothing() {
    let (shop, order) = shop_with_order().await;
    let said = said(SUCCEEDED, &order, 300);
    shop.store.keep_event(&said).await.expect("kept");
    let lag = Duration::from_secs(3);
    shop.database.faults().set_index_lag(Some(lag)).await.expect("a lag");
    shop.store.apply_event(&said, now()).await.expect("decided");
    assert_eq!(shop.store.sweep_events(later()).await, Sweep { skipped: 1, ..Sweep::default() });
}

#[tokio::test]
async fn what_fails_on_the_way_is_undecided_and_left_to_the_next_sweep() {
    let (shop, order) = shop_with_order().await;
    let said = said(SUCCEEDED, &order, 300);
    shop.store.keep_event(&said).await.expect("kept");
    for fault in [Fault::ErrorBefore, Fault::Conflict(Position::At(1))] {
        shop.database.faults().inject(fault.on("TransactWriteItems"));
        let swept = shop.store.sweep_events(later()).await;
        assert_eq!(
            (swept.errors + swept.unfinished, swept.applied + swept.failed),
            (1, 0),
            "{fault:?}: {swept:?}"
        );
        shop.database.faults().clear();
    }
    assert_eq!(shop.store.sweep_events(later()).await, Sweep { applied: 1, ..Sweep::default() });
}

#[tokio::test]
async fn an_event_whose_item_is_damaged_fails_and_holds_nobody_up() {
    let shop = Shop::open().await;
    let whole = event("evt_1", "{}");
    shop.store.keep_event(&whole).await.expect("kept");
    let mut item = shop.event_item(&whole).await;
    item.remove("body");
    shop.put_back(vec![item]).await;
    assert_eq!(shop.store.sweep_events(later()).await, Sweep { failed: 1, ..Sweep::default() });
    assert_eq!(text(&shop.event_item(&whole).await, "reason"), Some("its item cannot be read"));
}

#[tokio::test]
async fn an_order_that_cannot_be_read_leaves_its_event_undecided() {
    let (shop, order) = shop_with_order().await;
    let said = said(SUCCEEDED, &order, 300);
    shop.database.faults().inject(Fault::Unseen("PAYMENT").on("BatchGetItem"));
    let torn = hear(&shop.store, &said).await;
    assert!(matches!(torn, Err(Error::Corrupt { .. })), "{torn:?}");
    shop.database.faults().clear();

    let parts = shop.taken_away(&order).await;
    let mut damaged = parts.clone();
    for part in &mut damaged {
        part.remove("version");
    }
    shop.put_back(damaged).await;
    let swept = shop.store.sweep_events(later()).await;
    assert_eq!(swept, Sweep { errors: 1, ..Sweep::default() }, "and the next sweep tries again");
    shop.put_back(parts).await;
    assert_eq!(shop.store.sweep_events(later()).await, Sweep { applied: 1, ..Sweep::default() });
}

/// Names of events that stand in one shard of the index.
fn of_one_shard() -> impl Iterator<Item = EventId> {
    let names = (0..).map(|number| format!("evt_{number}"));
    let shard = |name: &String| Sha256::digest(format!("stripe/{name}"))[0] % 8 == 0;
    names.filter(shard).map(|name| EventId::new(&name).expect("an id"))
}

#[tokio::test]
async fn events_behind_many_that_go_wrong_are_swept_too() {
    let (shop, order) = shop_with_order().await;
    let good = shop.ordered("ann", "good", &[("mug", 1)]).await;
    let mut damaged = shop.taken_away(&order).await;
    for part in &mut damaged {
        part.remove("version");
    }
    shop.put_back(damaged).await;
    let (wrong, mut names) = (said(SUCCEEDED, &order, 300), of_one_shard());
    let all = names.by_ref().take(120); // more than one page of the index
    let kept = all.map(|id| Event { key: EventKey { id, ..wrong.key.clone() }, ..wrong.clone() });
    for event in kept {
        shop.store.keep_event(&event).await.expect("kept");
    }
    let mut last = said(SUCCEEDED, &good, 100);
    (last.key.id, last.received_at) =
        (names.next().expect("there are more"), now() + SignedDuration::from_secs(1));
    shop.store.keep_event(&last).await.expect("kept");
    let swept = shop.store.sweep_events(later()).await;
    assert_eq!(swept, Sweep { errors: 120, applied: 1, ..Sweep::default() });
}

/// What happens to an order, in whatever order.
#[derive(Clone, Debug)]
enum Happening {
    Said(&'static str, i64),
    Cancel,
    Expire,
}

async fn happen(store: &Store, order: &OrderId, happening: &Happening, copy: usize) {
    match happening {
        Happening::Said(kind, pence) => {
            let mut event = said(kind, order, *pence);
            // The provider says the same twice: as a copy, and as an event of its own.
            if copy == 1 {
                event.key.id = EventId::new(&format!("again-{}", event.key.id)).expect("an id");
            }
            hear(store, &event).await.expect("decided");
        }
        Happening::Cancel => {
            let cancelled = store.cancel_order(&user("ann"), order, now()).await;
            assert!(matches!(cancelled, Ok(_) | Err(Error::NotCancellable { .. })), "{cancelled:?}");
        }
        Happening::Expire => assert_eq!(store.expire_orders(now() + PAYMENT_WINDOW).await.failed, 0),
    }
}

fn happenings() -> impl Strategy<Value = Vec<(Happening, usize)>> {
    let said = [
        Happening::Said(SUCCEEDED, 300),
        Happening::Said(FAILED, 300),
        Happening::Said(REFUNDED, 100),
        Happening::Said(REFUNDED, 300),
    ];
    let twice = said.into_iter().flat_map(|said| [(said.clone(), 0_usize), (said, 1)]);
    (Just(twice.collect::<Vec<_>>()), any::<[bool; 2]>())
        .prop_map(|(mut all, [cancel, expire])| {
            all.extend(cancel.then_some((Happening::Cancel, 0)));
            all.extend(expire.then_some((Happening::Expire, 0)));
            all
        })
        .prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_first_the_order_ends_in_the_same_legal_state(all in happenings(), at_once in 1..4_usize) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let (shop, order) = shop_with_order().await;
            let others: Vec<Store> = (0..at_once).map(|_| open(&shop.database, None).1).collect();
            for group in all.chunks(at_once) {
                join_all(group.iter().zip(&others).map(async |((happening, copy), store)| {
                    happen(store, &order, happening, *copy).await;
                }))
                .await;
            }
            check(&shop, &order).await;
            if at_once == 1 {
                let stands = shop.store.order(&user("ann"), &order).await.expect("there").order.status;
                assert_eq!(stands, decided_first(&all), "who came first decides");
            }
        });
    }
}

/// Where an order ends to which this happened, one after the other.
fn decided_first(all: &[(Happening, usize)]) -> OrderStatus {
    let decide = |(happening, _): &(Happening, usize)| match happening {
        Happening::Said(SUCCEEDED, _) => Some(OrderStatus::Refunded),
        Happening::Said(..) => None,
        Happening::Cancel => Some(OrderStatus::Cancelled),
        Happening::Expire => Some(OrderStatus::Expired),
    };
    all.iter().find_map(decide).expect("a payment is among them")
}

/// What was captured and what went back is there, once; the order is refunded, or
/// was called off before it was paid; its stock is where it belongs.
async fn check(shop: &Shop, order: &OrderId) {
    let purchase = shop.store.order(&user("ann"), order).await.expect("there");
    let Purchase { order, payment } = &purchase;
    assert_eq!((payment.captured().amount(), payment.refunded().amount()), (300, 300));
    assert_eq!(payment.flags(order), []);
    let in_stock = if order.status.is_called_off() { 10 } else { 7 };
    assert_eq!(shop.available("mug").await, in_stock, "{}", order.status);
    assert!(order.status.is_called_off() || order.status == OrderStatus::Refunded, "{}", order.status);
    let items = shop.items().await;
    let events: Vec<&Item> = items.values().filter(|item| key(item).starts_with("WEBHOOK#")).collect();
    assert_eq!(events.len(), 8);
    assert!(events.iter().all(|event| text(event, "outcome") == Some("applied")), "{events:#?}");
}

#[tokio::test]
async fn a_body_of_the_longest_length_fits() {
    let shop = Shop::open().await;
    let longest: Event = event("evt_1", " ".repeat(256 * 1024));
    assert_eq!(shop.store.keep_event(&longest).await.expect("kept"), Kept::New);
}
