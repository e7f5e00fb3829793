//! Creates the table by DynamoDB's own protocol, as an SDK would.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::template::Table;

const ACTIVE_WITHIN_POLLS: u32 = 500;
const POLL_EVERY: Duration = Duration::from_millis(10);
/// The server wants a complete signature and, holding nobody's secret, checks
/// none.
const SIGNATURE: &str = "AWS4-HMAC-SHA256 \
    Credential=local/20000101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

/// Creates the table, or leaves the one that a file kept as it is, and returns
/// when it is in use.
pub(super) async fn ensure(endpoint: &str, name: &str, table: &Table) -> Result<()> {
    let server = Server::new(endpoint);
    if server.status(name).await?.is_none() {
        server.create(name, table).await?;
    }
    server.active(name).await
}

struct Server<'a> {
    client: Client,
    endpoint: &'a str,
}

impl<'a> Server<'a> {
    fn new(endpoint: &'a str) -> Self {
        Self { client: Client::new(), endpoint }
    }

    async fn create(&self, name: &str, table: &Table) -> Result<()> {
        let mut request = table.create.clone();
        request.insert("TableName".into(), name.into());
        self.call("CreateTable", &Value::Object(request)).await?;
        self.active(name).await?;
        if let Some(specification) = &table.time_to_live {
            let request = json!({"TableName": name, "TimeToLiveSpecification": specification});
            self.call("UpdateTimeToLive", &request).await?;
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
        let (ok, answer) = self.send("DescribeTable", &json!({"TableName": name})).await?;
        let kind = answer["__type"].as_str().unwrap_or_default();
        if kind.ends_with("ResourceNotFoundException") {
            return Ok(None);
        }
        let status = answer["Table"]["TableStatus"].as_str().filter(|_| ok);
        let status = status.with_context(|| format!("DescribeTable: {answer}"))?;
        Ok(Some(status.to_owned()))
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<()> {
        let (ok, answer) = self.send(operation, request).await?;
        if !ok {
            bail!("{operation}: {answer}");
        }
        Ok(())
    }

    async fn send(&self, operation: &str, request: &Value) -> Result<(bool, Value)> {
        let response = self
            .client
            .post(self.endpoint)
            .header("authorization", SIGNATURE)
            .header("x-amz-date", "20000101T000000Z")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .body(request.to_string())
            .send()
            .await?;
        Ok((response.status().is_success(), response.json().await?))
    }
}
