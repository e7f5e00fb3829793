//! The server that stands for the index: the items that are in an index, and
//! no others.

use std::collections::HashSet;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::Change;
use crate::dynamodb::protocol::Protocol;
use crate::faults::call::Key;
use crate::template::{TABLE_NAME, Table};

/// Writes to the shadow.
#[derive(Debug)]
pub(super) struct Shadow {
    server: Protocol,
    /// Attributes of each index's key.
    indexes: Vec<Vec<String>>,
    keys: HashSet<Key>,
}

/// The table's shape, without what follows its writes.
pub(super) fn table(real: &Table) -> Table {
    let mut create = real.create.clone();
    create.remove("StreamSpecification");
    Table { create, time_to_live: None }
}

impl Shadow {
    pub(super) fn new(endpoint: &str, table: &Table) -> Self {
        let server = Protocol::new(endpoint);
        let indexes = table.indexes().into_iter().map(|(_, key)| key).collect();
        Self { server, indexes, keys: HashSet::new() }
    }

    /// An item that is and was in no index costs nothing.
    pub(super) async fn apply(&mut self, change: Change) -> Result<()> {
        let Change { key, item } = change;
        match item.filter(|item| self.is_indexed(item)) {
            Some(item) => {
                self.server.call("PutItem", &json!({"TableName": TABLE_NAME, "Item": item})).await?;
                self.keys.insert(key);
            }
            None if self.keys.contains(&key) => {
                let request = json!({"TableName": TABLE_NAME, "Key": key.attributes});
                self.server.call("DeleteItem", &request).await?;
                self.keys.remove(&key);
            }
            None => {}
        }
        Ok(())
    }

    fn is_indexed(&self, item: &Map<String, Value>) -> bool {
        self.indexes.iter().any(|key| key.iter().all(|attribute| item.contains_key(attribute)))
    }
}
