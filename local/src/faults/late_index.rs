//! An index that lags behind its table. A second server stands for it: what is
//! written to the real one is written there too, the lag later, and whoever
//! asks an index is answered by it, in pages and order as ever.

mod shadow;

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use futures::future::try_join_all;
use http::Response;
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use self::shadow::Shadow;
use super::call::{Call, Key};
use super::upstream::Upstream;
use crate::dynamodb::DynamoDb;
use crate::dynamodb::protocol::Protocol;
use crate::template::{TABLE_NAME, Table};

/// Keys that a `BatchGetItem` takes.
const BATCH: usize = 100;

/// The index as it was some time ago. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct LateIndex {
    lag: Duration,
    real: Protocol,
    table: Table,
    shadow: Upstream,
    changes: mpsc::UnboundedSender<Step>,
    applying: JoinHandle<()>,
    /// Held from reading an item until it is in the queue: of two writes of one
    /// item, the later must be the later there too.
    order: Mutex<()>,
    _server: DynamoDb,
}

/// An item as it was left by a write.
#[derive(Debug)]
pub(super) struct Change {
    key: Key,
    /// `None` once it is deleted.
    item: Option<Map<String, Value>>,
}

#[derive(Debug)]
enum Step {
    Change(Instant, Change),
    /// Everything before this is in the index.
    Done(oneshot::Sender<()>),
}

impl LateIndex {
    /// An empty index before the server at `endpoint`, to be filled.
    pub(super) async fn start(endpoint: &str, table: &Table, lag: Duration) -> Result<Self> {
        let server = DynamoDb::in_memory(TABLE_NAME, &shadow::table(table)).await?;
        let (changes, steps) = mpsc::unbounded_channel();
        let applying = tokio::spawn(apply(steps, Shadow::new(&server.endpoint(), table)));
        Ok(Self {
            lag,
            real: Protocol::new(endpoint),
            table: table.clone(),
            shadow: Upstream::new(&server.endpoint())?,
            changes,
            applying,
            order: Mutex::default(),
            _server: server,
        })
    }

    /// Brings the index to where it really is, once.
    pub(super) async fn fill(&self) -> Result<()> {
        let _order = self.order.lock().await;
        for (index, _) in self.table.indexes() {
            self.fill_from(&index).await?;
        }
        let (done, is_done) = oneshot::channel();
        let _ = self.changes.send(Step::Done(done));
        Ok(is_done.await?)
    }

    /// Follows a write of these items that has just happened.
    pub(super) async fn follow(&self, keys: Vec<Key>) {
        let _order = self.order.lock().await;
        match self.images(keys).await {
            Ok(images) => self.queue(Instant::now() + self.lag, images),
            Err(error) => missed(&error),
        }
    }

    /// The answer to a call that reads an index.
    pub(super) async fn answer(&self, call: Call) -> Result<Response<Bytes>> {
        self.shadow.forward(call).await
    }

    async fn fill_from(&self, index: &str) -> Result<()> {
        let mut request = json!({"TableName": TABLE_NAME, "IndexName": index});
        loop {
            let page = self.real.call("Scan", &request).await?;
            let keys = keys_in(&page, &self.table.key_schema());
            self.queue(Instant::now(), self.images(keys).await?);
            let Some(last) = page.get("LastEvaluatedKey") else { return Ok(()) };
            request["ExclusiveStartKey"] = last.clone();
        }
    }

    fn queue(&self, due: Instant, changes: Vec<Change>) {
        for change in changes {
            let _ = self.changes.send(Step::Change(due, change));
        }
    }

    /// The items as they are now.
    async fn images(&self, keys: Vec<Key>) -> Result<Vec<Change>> {
        let keys: Vec<_> = keys.into_iter().filter(|key| key.table == TABLE_NAME).collect();
        let batches = try_join_all(keys.chunks(BATCH).map(|batch| self.batch(batch))).await?;
        Ok(batches.into_iter().flatten().collect())
    }

    async fn batch(&self, keys: &[Key]) -> Result<Vec<Change>> {
        let wanted: Vec<_> = keys.iter().map(|key| &key.attributes).collect();
        let request = json!({"RequestItems": {TABLE_NAME: {"Keys": wanted, "ConsistentRead": true}}});
        let answer = self.real.call("BatchGetItem", &request).await?;
        let items = answer["Responses"][TABLE_NAME].as_array().into_iter().flatten();
        let items: Vec<_> = items.filter_map(Value::as_object).collect();
        let of = |key: &Key| items.iter().find(|item| key.names(item)).map(|item| (*item).clone());
        Ok(keys.iter().map(|key| Change { key: key.clone(), item: of(key) }).collect())
    }
}

impl Drop for LateIndex {
    fn drop(&mut self) {
        self.applying.abort();
    }
}

fn keys_in(page: &Value, schema: &[String]) -> Vec<Key> {
    let items = page["Items"].as_array().into_iter().flatten().filter_map(Value::as_object);
    items.map(|item| Key::of_item(TABLE_NAME, item, schema)).collect()
}

fn missed(error: &anyhow::Error) {
    tracing::warn!("the late index missed a write: {error:#}");
}

async fn apply(mut steps: mpsc::UnboundedReceiver<Step>, mut shadow: Shadow) {
    while let Some(step) = steps.recv().await {
        match step {
            Step::Change(due, change) => {
                sleep_until(due).await;
                if let Err(error) = shadow.apply(change).await {
                    missed(&error);
                }
            }
            Step::Done(done) => drop(done.send(())),
        }
    }
}
