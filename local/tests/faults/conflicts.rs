//! Transactions that overlap, as on AWS.

use std::time::Duration;

use aws_sdk_dynamodb::types::{ConditionCheck, Get, TransactGetItem, TransactWriteItem};
use local::template::TABLE_NAME;
use tokio::task::JoinHandle;

use crate::support::{Table, code, delete, key, put, reasons, text};

/// Longer than any of the calls that come meanwhile.
const LASTING: Duration = Duration::from_millis(500);

impl Table {
    /// A table with one transaction under way.
    async fn with_transaction_of(items: Vec<TransactWriteItem>) -> (Self, JoinHandle<bool>) {
        let table = Self::new().await;
        table.faults.set_conflicts(Some(LASTING..=LASTING));
        let write = table.client.transact_write_items().client_request_token("first");
        let write = write.set_transact_items(Some(items)).send();
        let first = tokio::spawn(async move { write.await.is_ok() });
        table.until_called("TransactWriteItems", 1).await;
        (table, first)
    }
}

fn check(id: &str) -> TransactWriteItem {
    let check = ConditionCheck::builder()
        .table_name(TABLE_NAME)
        .set_key(Some(key(id)))
        .condition_expression("attribute_not_exists(pk)");
    TransactWriteItem::builder().condition_check(check.build().unwrap()).build()
}

#[tokio::test]
async fn the_later_of_two_overlapping_transactions_is_refused() {
    let (table, first) = Table::with_transaction_of(vec![put("a"), put("b"), check("c")]).await;
    for shared in [put("b"), delete("b"), check("b"), put("c"), check("c")] {
        let later = table.client.transact_write_items();
        let later = later.transact_items(put("x")).transact_items(shared).send().await;
        let conflict = Some("Transaction is ongoing for the item".to_owned());
        assert_eq!(reasons(later), [("None".into(), None), ("TransactionConflict".into(), conflict)]);
    }
    assert!(first.await.unwrap());
    assert!(!table.has("x").await);
    assert_eq!(table.faults.counts().conflicts, 5);
}

#[tokio::test]
async fn what_comes_afterwards_or_shares_no_item_goes_through() {
    let (table, first) = Table::with_transaction_of(vec![put("a")]).await;
    table.client.transact_write_items().transact_items(put("b")).send().await.unwrap();
    assert!(first.await.unwrap());
    table.client.transact_write_items().transact_items(put("a")).send().await.unwrap();
    assert_eq!(table.faults.counts().conflicts, 0);
}

#[tokio::test]
async fn a_single_write_of_a_held_item_is_refused_and_reads_pass() {
    let (table, first) = Table::with_transaction_of(vec![put("a")]).await;
    let (client, name) = (&table.client, TABLE_NAME);
    let put = client.put_item().table_name(name).set_item(Some(key("a"))).send().await;
    let delete = client.delete_item().table_name(name).set_key(Some(key("a"))).send().await;
    let update = client.update_item().table_name(name).set_key(Some(key("a"))).send().await;
    for code in [code(put), code(delete), code(update)] {
        assert_eq!(code, "TransactionConflictException");
    }
    client.get_item().table_name(name).set_key(Some(key("a"))).send().await.unwrap();
    let query = client.query().table_name(name).key_condition_expression("pk = :pk");
    query.expression_attribute_values(":pk", text("P")).send().await.unwrap();
    assert!(first.await.unwrap());
}

#[tokio::test]
async fn a_transaction_of_reads_is_refused() {
    let (table, first) = Table::with_transaction_of(vec![put("a")]).await;
    let get = Get::builder().table_name(TABLE_NAME).set_key(Some(key("a"))).build().unwrap();
    let get = TransactGetItem::builder().get(get).build();
    let read = table.client.transact_get_items().transact_items(get).send().await;
    assert_eq!(code(read), "TransactionCanceledException");
    assert!(first.await.unwrap());
}

#[tokio::test]
async fn a_token_in_flight_is_in_progress_and_afterwards_a_success() {
    let (table, first) = Table::with_transaction_of(vec![put("a")]).await;
    let again = || {
        let write = table.client.transact_write_items().client_request_token("first");
        write.transact_items(put("a")).send()
    };
    assert_eq!(code(again().await), "TransactionInProgressException");
    assert!(first.await.unwrap());
    let other = table.client.transact_write_items().transact_items(put("a")).send();
    let other = tokio::spawn(other);
    table.until_called("TransactWriteItems", 3).await;
    again().await.expect("it is committed, whoever holds its item now");
    other.await.unwrap().unwrap();
}

#[tokio::test]
async fn of_many_at_once_each_is_done_or_refused() {
    let table = Table::new().await;
    table.faults.set_conflicts(Some(Duration::from_millis(1)..=Duration::from_millis(5)));
    let write = |at| {
        let write = table.client.transact_write_items();
        write.transact_items(put("shared")).transact_items(put(&format!("own-{at}"))).send()
    };
    let answers = futures::future::join_all((0..40).map(write)).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(!done.is_empty() && !refused.is_empty());
    assert_eq!(table.faults.counts().conflicts, u64::try_from(refused.len()).unwrap());
    table.faults.set_conflicts(None);
    let all = futures::future::join_all((0..40).map(write)).await;
    assert!(all.iter().all(Result::is_ok));
}
