//! An index that lags behind the table, both ways.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use local::template::TABLE_NAME;
use tokio::time::{sleep, timeout};

use crate::support::{PARTITION, Table, delete, key, text};

const LAG: Duration = Duration::from_millis(600);

/// An item that is in the index.
fn indexed(id: &str) -> TransactWriteItem {
    let put = Put::builder().table_name(TABLE_NAME).set_item(Some(key(id)));
    let put = put.item("sparse_pk", text("DUE")).item("sparse_sk", text(id)).item("other", text("x"));
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

/// Takes it out of the index.
fn done(id: &str) -> TransactWriteItem {
    let update = Update::builder()
        .table_name(TABLE_NAME)
        .set_key(Some(key(id)))
        .update_expression("REMOVE sparse_pk, sparse_sk");
    TransactWriteItem::builder().update(update.build().unwrap()).build()
}

impl Table {
    async fn write(&self, items: impl IntoIterator<Item = TransactWriteItem>) {
        let items = Some(items.into_iter().collect());
        self.client.transact_write_items().set_transact_items(items).send().await.unwrap();
    }

    /// What the index shows up to `until`, page by page.
    async fn due(&self, until: &str, limit: i32) -> Vec<String> {
        let pages = self
            .client
            .query()
            .table_name(TABLE_NAME)
            .index_name("sparse")
            .key_condition_expression("sparse_pk = :pk AND sparse_sk <= :until")
            .expression_attribute_values(":pk", text("DUE"))
            .expression_attribute_values(":until", text(until))
            .limit(limit)
            .into_paginator()
            .items()
            .send();
        let items = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        items.into_iter().map(|item| shown(&item)).collect()
    }

    async fn until_due(&self, expected: &[&str]) {
        let shown = async {
            while self.due("z", 10).await != expected {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(10), shown).await.expect("the lag is over some time");
    }
}

/// The index has keys, and nothing else.
fn shown(item: &std::collections::HashMap<String, AttributeValue>) -> String {
    assert_eq!(item.len(), 4, "{item:?}");
    assert_eq!(item["pk"], text(PARTITION));
    item["sk"].as_s().unwrap().clone()
}

#[tokio::test]
async fn what_enters_the_index_is_seen_late() {
    let table = Table::new().await;
    table.faults.set_index_lag(Some(LAG)).await.unwrap();
    table.write([indexed("a")]).await;
    assert!(table.has("a").await);
    assert_eq!(table.due("z", 10).await, [""; 0]);
    table.until_due(&["a"]).await;
}

#[tokio::test]
async fn what_leaves_the_index_is_still_seen() {
    let table = Table::new().await;
    table.write([indexed("a"), indexed("b"), indexed("c")]).await;
    table.faults.set_index_lag(Some(LAG)).await.unwrap();
    table.write([done("a"), delete("b")]).await;
    assert_eq!(table.due("z", 10).await, ["a", "b", "c"]);
    table.until_due(&["c"]).await;
}

#[tokio::test]
async fn single_writes_are_late_too() {
    let table = Table::new().await;
    table.write([indexed("a"), indexed("b")]).await;
    table.faults.set_index_lag(Some(LAG)).await.unwrap();
    let (client, name) = (&table.client, TABLE_NAME);
    client.delete_item().table_name(name).set_key(Some(key("a"))).send().await.unwrap();
    client.put_item().table_name(name).set_item(Some(key("b"))).send().await.unwrap();
    let update = client.update_item().table_name(name).set_key(Some(key("c")));
    let update = update.update_expression("SET sparse_pk = :pk, sparse_sk = :sk");
    let update = update.expression_attribute_values(":pk", text("DUE"));
    update.expression_attribute_values(":sk", text("c")).send().await.unwrap();
    assert_eq!(table.due("z", 10).await, ["a", "b"]);
    table.until_due(&["c"]).await;
}

#[tokio::test]
async fn ghosts_obey_condition_limit_and_order() {
    let table = Table::new().await;
    table.write(["a", "b", "c", "d", "e"].map(indexed)).await;
    table.faults.set_index_lag(Some(LAG)).await.unwrap();
    table.write([done("b"), done("c"), done("e")]).await;
    for limit in [1, 2, 10] {
        assert_eq!(table.due("d", limit).await, ["a", "b", "c", "d"], "pages of {limit}");
    }
}

#[tokio::test]
async fn the_table_itself_is_never_late_and_the_index_not_for_ever() {
    let table = Table::new().await;
    table.faults.set_index_lag(Some(Duration::from_mins(1))).await.unwrap();
    table.write([indexed("a")]).await;
    let query = table.client.query().table_name(TABLE_NAME).key_condition_expression("pk = :pk");
    let found = query.expression_attribute_values(":pk", text(PARTITION)).send().await.unwrap();
    assert_eq!(found.count, 1);
    assert_eq!(table.due("z", 10).await, [""; 0]);
    table.faults.set_index_lag(None).await.unwrap();
    assert_eq!(table.due("z", 10).await, ["a"]);
}
