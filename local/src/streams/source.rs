//! The stream of the table, read by DynamoDB Streams' own protocol. The
//! embedded server has one shard for each table, and its iterators never
//! expire.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::record::Record;
use crate::dynamodb::protocol::Protocol;
use crate::template::{ACCOUNT, REGION, StartingPosition};

/// Records of one page, at most. DynamoDB ends a page at 1 MB; the embedded
/// server counts records alone, of up to 800 KB each.
pub(super) const PAGE: usize = 100;
/// How long the server may take for a call.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Where in a stream to go on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Position {
    /// With the oldest record.
    Oldest,
    /// With the one that follows this sequence number.
    After(String),
}

/// One table's stream.
#[derive(Clone, Debug)]
pub(super) struct Stream(Arc<Description>);

#[derive(Debug)]
struct Description {
    protocol: Protocol,
    server_arn: String,
    arn: String,
    shard: String,
}

impl Stream {
    pub(super) async fn of_table(endpoint: &str, table: &str) -> Result<Self> {
        let protocol = Protocol::new(endpoint);
        let answer = call(&protocol, "DescribeTable", &json!({"TableName": table})).await?;
        let described = |name: &str| {
            let text = answer["Table"][name].as_str().map(str::to_owned);
            text.with_context(|| format!("table {table} has no {name}"))
        };
        let (server_arn, label) = (described("LatestStreamArn")?, described("LatestStreamLabel")?);
        let protocol = protocol.streams();
        let shard = shard(&protocol, &server_arn).await?;
        let shard = shard["ShardId"].as_str().context("a shard has no id")?.to_owned();
        let arn = format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/{label}");
        Ok(Self(Arc::new(Description { protocol, server_arn, arn, shard })))
    }

    /// Its name as AWS would give it; another for each table that is made.
    pub(super) fn arn(&self) -> &str {
        &self.0.arn
    }

    pub(super) fn shard(&self) -> &str {
        &self.0.shard
    }

    /// What a starting position means at this moment. `LATEST` is after the
    /// last record, so that it can be kept: an iterator could not.
    pub(super) async fn position(&self, starting: StartingPosition) -> Result<Position> {
        if starting == StartingPosition::TrimHorizon {
            return Ok(Position::Oldest);
        }
        let shard = shard(&self.0.protocol, &self.0.server_arn).await?;
        let last = shard["SequenceNumberRange"]["EndingSequenceNumber"].as_str();
        Ok(last.map_or(Position::Oldest, |last| Position::After(last.to_owned())))
    }

    /// Begins to read at this position.
    pub(super) async fn read_from(&self, position: &Position) -> Result<Reader> {
        let mut request = json!({"StreamArn": self.0.server_arn, "ShardId": self.0.shard});
        match position {
            Position::Oldest => request["ShardIteratorType"] = "TRIM_HORIZON".into(),
            Position::After(number) => {
                request["ShardIteratorType"] = "AFTER_SEQUENCE_NUMBER".into();
                request["SequenceNumber"] = number.as_str().into();
            }
        }
        let answer = call(&self.0.protocol, "GetShardIterator", &request).await?;
        Ok(Reader { iterator: iterator(&answer["ShardIterator"])?, stream: self.clone() })
    }
}

/// Goes through a stream page by page.
#[derive(Debug)]
pub(super) struct Reader {
    stream: Stream,
    iterator: String,
}

impl Reader {
    /// The records that follow, at most [`PAGE`]; none if there are no more so
    /// far. After an error the same ones are asked for again.
    pub(super) async fn page(&mut self) -> Result<Vec<Record>> {
        let stream = &self.stream.0;
        let request = json!({"ShardIterator": self.iterator, "Limit": PAGE});
        let mut answer = call(&stream.protocol, "GetRecords", &request).await?;
        let Value::Array(records) = answer["Records"].take() else {
            anyhow::bail!("GetRecords answers without Records");
        };
        let records = records.into_iter().map(|record| Record::new(record, &stream.arn));
        let records = records.collect::<Result<_>>()?;
        self.iterator = iterator(&answer["NextShardIterator"])?;
        Ok(records)
    }
}

async fn shard(protocol: &Protocol, stream: &str) -> Result<Value> {
    let mut answer = call(protocol, "DescribeStream", &json!({"StreamArn": stream})).await?;
    Ok(answer["StreamDescription"]["Shards"][0].take())
}

async fn call(protocol: &Protocol, operation: &str, request: &Value) -> Result<Value> {
    let answer = timeout(ANSWER_WITHIN, protocol.call(operation, request)).await;
    answer.with_context(|| format!("{operation}: no answer within {} s", ANSWER_WITHIN.as_secs()))?
}

fn iterator(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("the shard has no iterator")
}
