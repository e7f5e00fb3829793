//! Creates the table by DynamoDB's own protocol, as an SDK would.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::protocol::Protocol;
use crate::template::Table;

const ACTIVE_WITHIN_POLLS: u32 = 500;
const POLL_EVERY: Duration = Duration::from_millis(10);

/// Creates the table, or leaves the one that a file kept as it is, and returns
/// when it is in use.
pub(super) async fn ensure(endpoint: &str, name: &str, table: &Table) -> Result<()> {
    let server = Server(Protocol::new(endpoint));
    if server.status(name).await?.is_none() {
        server.create(name, table).await?;
    }
    server.active(name).await
}

struct Server(Protocol);

impl Server {
    async fn create(&self, name: &str, table: &Table) -> Result<()> {
        let mut request = table.create.clone();
        request.insert("TableName".into(), name.into());
        self.0.call("CreateTable", &Value::Object(request)).await?;
        self.active(name).await?;
        if let Some(specification) = &table.time_to_live {
            let request = json!({"TableName": name, "TimeToLiveSpecification": specification});
            self.0.call("UpdateTimeToLive", &request).await?;
        }
        Ok(())
    }

    async fn active(&self, name: &str) -> Result<()> {
        for _ in 0..ACTIVE_WITHIN_POLLS {
            if self.status(name).await?.as_deref() == Some("ACTIVE") {
                return Ok(());
            }
            sleep(POLL_EVERY).await;
        }
        bail!("table {name} did not become active")
    }

    async fn status(&self, name: &str) -> Result<Option<String>> {
        let (ok, answer) = self.0.send("DescribeTable", &json!({"TableName": name})).await?;
        let kind = answer["__type"].as_str().unwrap_or_default();
        if kind.ends_with("ResourceNotFoundException") {
            return Ok(None);
        }
        let status = answer["Table"]["TableStatus"].as_str().filter(|_| ok);
        let status = status.with_context(|| format!("DescribeTable: {answer}"))?;
        Ok(Some(status.to_owned()))
    }
}
