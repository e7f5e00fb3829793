//! Faults that are asked for, each as AWS would show it.

use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use local::faults::{Fault, Position};
use local::template::TABLE_NAME;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{PARTITION, Table, code, key, put, reasons};

const CONFLICT: Fault = Fault::Conflict(Position::Random);

impl Table {
    async fn put(&self, id: &str) -> Result<(), String> {
        let put = self.client.put_item().table_name(TABLE_NAME).set_item(Some(key(id))).send().await;
        if put.is_ok() { Ok(()) } else { Err(code(put)) }
    }
}

#[tokio::test]
async fn a_single_write_is_refused_before_it_happens() {
    let table = Table::new().await;
    for (fault, expected) in [
        (CONFLICT, "TransactionConflictException"),
        (Fault::Throttled, "ThrottlingException"),
        (Fault::ThroughputExceeded, "ProvisionedThroughputExceededException"),
        (Fault::ErrorBefore, "InternalServerError"),
    ] {
        table.faults.inject(fault.on("PutItem").next(1));
        assert_eq!(table.put("a").await.unwrap_err(), expected);
        assert!(!table.has("a").await, "{expected}");
    }
    table.put("a").await.unwrap();
    assert_eq!(table.faults.counts().faults(), 4);
}

#[tokio::test]
async fn a_transaction_is_cancelled_for_one_of_its_items() {
    let table = Table::new().await;
    let write = || {
        let items = Some(vec![put("a"), put("b"), put("c")]);
        table.client.transact_write_items().set_transact_items(items).send()
    };
    table.faults.inject(Fault::Conflict(Position::At(1)).on("TransactWriteItems").next(1));
    let none = ("None".to_owned(), None);
    let conflict = ("TransactionConflict".to_owned(), Some("Transaction is ongoing for the item".to_owned()));
    assert_eq!(reasons(write().await), [none.clone(), conflict, none.clone()]);

    table.faults.inject(Fault::CancelledByThrottling(Position::At(9)).on("TransactWriteItems").next(1));
    let throttled = reasons(write().await);
    assert_eq!(throttled[..2], [none.clone(), none]);
    assert_eq!(throttled[2].0, "ThrottlingError");
    assert!(!table.has("a").await);
    write().await.unwrap();
}

#[tokio::test]
async fn a_transaction_is_refused_as_a_whole() {
    let table = Table::new().await;
    for (fault, expected) in [
        (Fault::InProgress, "TransactionInProgressException"),
        (Fault::Throttled, "ThrottlingException"),
        (Fault::ThroughputExceeded, "ProvisionedThroughputExceededException"),
        (Fault::ErrorBefore, "InternalServerError"),
    ] {
        table.faults.inject(fault.on("TransactWriteItems").next(1));
        let write = table.client.transact_write_items().transact_items(put("a")).send().await;
        assert_eq!(code(write), expected);
        assert!(!table.has("a").await, "{expected}");
    }
}

#[tokio::test]
async fn reads_are_throttled_and_fail_but_never_conflict() {
    let table = Table::new().await;
    table.faults.inject(CONFLICT.on_any());
    let get = || table.client.get_item().table_name(TABLE_NAME).set_key(Some(key("a"))).send();
    get().await.unwrap();
    table.faults.inject(Fault::Throttled.on_any().next(1));
    assert_eq!(code(get().await), "ThrottlingException");
}

#[tokio::test]
async fn what_is_answered_with_an_error_may_have_happened() {
    let table = Table::new().await;
    table.faults.inject(Fault::ErrorAfter.on("PutItem").next(1));
    assert_eq!(table.put("a").await.unwrap_err(), "InternalServerError");
    assert!(table.has("a").await);
}

#[tokio::test]
async fn a_lost_reply_is_that_of_a_write_that_has_happened() {
    let table = Table::new().await;
    table.faults.inject(Fault::LostReply.on("TransactWriteItems").next(1));
    let write = || {
        let write = table.client.transact_write_items().client_request_token("token");
        write.transact_items(put("a")).send()
    };
    let lost = write().await.unwrap_err();
    assert!(lost.as_service_error().is_none(), "no answer, so no refusal: {lost:?}");
    assert!(table.has("a").await);
    write().await.expect("the same token again is the same success");
}

#[tokio::test]
async fn a_committed_transaction_is_never_cancelled_afterwards() {
    let table = Table::new().await;
    table.faults.inject(Fault::LostReply.on("TransactWriteItems").next(1));
    table.faults.inject(CONFLICT.on("TransactWriteItems"));
    let write = |id, token: &str| {
        table.client.transact_write_items().client_request_token(token).transact_items(put(id)).send()
    };
    write("a", "one").await.unwrap_err();
    write("a", "one").await.unwrap();
    assert_eq!(code(write("b", "other").await), "TransactionCanceledException");
}

#[tokio::test]
async fn a_reply_may_never_come() {
    let table = Table::new().await;
    table.faults.inject(Fault::NoReply.on("PutItem").next(1));
    timeout(Duration::from_millis(300), table.put("a")).await.unwrap_err();
    assert!(table.has("a").await);
    table.put("b").await.unwrap();
}

#[tokio::test]
async fn a_delayed_call_is_carried_out_late_whoever_still_waits() {
    let table = Table::new().await;
    let delay = Duration::from_millis(300);
    table.faults.inject(Fault::Delay(delay).on("PutItem"));
    let started = Instant::now();
    table.put("a").await.unwrap();
    assert!(started.elapsed() >= delay);

    timeout(delay / 3, table.put("b")).await.unwrap_err();
    assert!(!table.has("b").await);
    sleep(delay).await;
    assert!(table.has("b").await);
}

#[tokio::test]
async fn a_batch_hands_back_what_it_did_not_do() {
    let table = Table::new().await;
    let ids = ["a", "b", "c", "d", "e"];
    for id in ids {
        table.put(id).await.unwrap();
    }
    table.faults.inject(Fault::PartOfKeys(2).on("BatchGetItem").next(1));
    let keys = ids.map(key).into();
    let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build().unwrap();
    let first = table.client.batch_get_item().request_items(TABLE_NAME, keys).send().await.unwrap();
    assert_eq!(first.responses.unwrap()[TABLE_NAME].len(), 3);
    let rest = first.unprocessed_keys.unwrap();
    assert_eq!(rest[TABLE_NAME].consistent_read(), Some(true));
    let second = table.client.batch_get_item().set_request_items(Some(rest)).send().await.unwrap();
    assert_eq!(second.responses.unwrap()[TABLE_NAME].len(), 2);
    assert_eq!(second.unprocessed_keys.unwrap(), [].into());
}

#[tokio::test]
async fn only_calls_with_a_text_in_them_may_be_struck() {
    let table = Table::new().await;
    table.faults.inject(Fault::ErrorBefore.on("PutItem").touching(PARTITION).touching("\"b\""));
    table.put("a").await.unwrap();
    table.put("b").await.unwrap_err();
}
