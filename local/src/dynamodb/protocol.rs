//! DynamoDB's own protocol, for the few calls that the local stack makes
//! itself: no SDK is needed for these.

use anyhow::{Result, bail};
use reqwest::Client;
use serde_json::Value;

/// The server wants a complete signature and, holding nobody's secret, checks
/// none.
const SIGNATURE: &str = "AWS4-HMAC-SHA256 \
    Credential=local/20000101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0";

const TABLES: &str = "DynamoDB_20120810";
const STREAMS: &str = "DynamoDBStreams_20120810";

/// A server that takes calls.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    client: Client,
    endpoint: String,
    /// The API at that address that the operations are of.
    api: &'static str,
}

impl Protocol {
    pub(crate) fn new(endpoint: &str) -> Self {
        Self { client: Client::new(), endpoint: endpoint.to_owned(), api: TABLES }
    }

    /// The operations of DynamoDB Streams, on the same server.
    pub(crate) fn streams(self) -> Self {
        Self { api: STREAMS, ..self }
    }

    /// The answer to a call; a refusal is an error.
    pub(crate) async fn call(&self, operation: &str, request: &Value) -> Result<Value> {
        let (ok, answer) = self.send(operation, request).await?;
        if !ok {
            bail!("{operation}: {answer}");
        }
        Ok(answer)
    }

    /// The answer to a call, and whether it is none of refusal.
    pub(crate) async fn send(&self, operation: &str, request: &Value) -> Result<(bool, Value)> {
        let response = self
            .client
            .post(&self.endpoint)
            .header("authorization", SIGNATURE)
            .header("x-amz-date", "20000101T000000Z")
            .header("x-amz-target", format!("{}.{operation}", self.api))
            .header("content-type", "application/x-amz-json-1.0")
            .body(request.to_string())
            .send()
            .await?;
        Ok((response.status().is_success(), response.json().await?))
    }
}
