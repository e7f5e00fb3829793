//! The one door to DynamoDB: every call goes through here, with a name, a
//! deadline and a retry policy.
//!
//! Calls that fail in transit or are throttled are retried by the SDK.
//! Cancelled transactions are retried here, and only when every reason for the
//! cancellation is contention or throttling: a failed condition is an answer. All tries of one transaction carry the
//! same client request token, so a try whose reply was lost counts once.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, KeysAndAttributes, Put,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use domain::{Error, Result};
use retry::Outcome;

use crate::Config;
use crate::connection;
use crate::item::{Item, to_key};
use crate::keys::Key;

/// Keys of one `BatchGetItem` (AWS: at most 100).
const BATCH: usize = 100;

/// How transactions and unprocessed batch keys are tried again.
const CONTENTION: retry::Policy = retry::Policy {
    attempts: 8,
    base: Duration::from_millis(10),
    cap: Duration::from_millis(400),
    total: Duration::from_secs(5),
};

/// How a write that read first is tried again when another came between.
pub(crate) const RACE: retry::Policy = retry::Policy {
    attempts: 10,
    base: Duration::from_millis(5),
    cap: Duration::from_millis(200),
    total: Duration::from_secs(5),
};

/// The table, behind its client.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    client: Client,
    name: Arc<str>,
}

/// A range of one partition, in the order of its sort keys.
#[derive(Debug)]
pub(crate) struct Range<'a> {
    /// The partition.
    pub(crate) pk: &'a str,
    /// How the sort keys begin; empty for all of them.
    pub(crate) prefix: &'a str,
    /// The sort key to go on after.
    pub(crate) after: Option<&'a str>,
    /// The most items to read.
    pub(crate) limit: usize,
}

/// How a transaction ended.
#[derive(Debug)]
pub(crate) enum Transaction {
    /// Every write happened.
    Committed,
    /// No write happened: a condition did not hold.
    Refused,
}

impl Table {
    pub(crate) fn new(config: &Config) -> Self {
        let mut builder = aws_sdk_dynamodb::Config::builder()
            .region(Region::new(config.region.clone()))
            .credentials_provider(config.credentials.for_the_sdk())
            .http_client(connection::http_client(config.endpoint.as_deref()))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts(config));
        builder.set_endpoint_url(config.endpoint.clone());
        Self { client: Client::from_conf(builder.build()), name: config.table_name.as_str().into() }
    }

    /// One item, as of now.
    pub(crate) async fn get(&self, operation: &'static str, key: Key) -> Result<Option<Item>> {
        let call = self.client.get_item().table_name(&*self.name).set_key(Some(to_key(key)));
        let answer = call.consistent_read(true).send().await;
        Ok(answer.map_err(|error| unavailable(operation, error))?.item)
    }

    /// The items that exist among these keys, as of now, in no order.
    pub(crate) async fn batch_get(&self, operation: &'static str, keys: Vec<Key>) -> Result<Vec<Item>> {
        let mut keys: Vec<Item> = keys.into_iter().map(to_key).collect();
        let mut chunks = Vec::new();
        while !keys.is_empty() {
            chunks.push(keys.split_off(keys.len().saturating_sub(BATCH)));
        }
        let found = chunks.into_iter().map(|chunk| self.batch_get_chunk(operation, chunk));
        Ok(futures::future::try_join_all(found).await?.concat())
    }

    /// One chunk, until nothing of it is left unprocessed: DynamoDB hands keys
    /// back when the answer would be too large or the table is throttled.
    async fn batch_get_chunk(&self, operation: &'static str, mut keys: Vec<Item>) -> Result<Vec<Item>> {
        let mut found = Vec::with_capacity(keys.len());
        let mut backoff = CONTENTION.backoff();
        loop {
            let (items, left) = self.batch_get_once(operation, keys).await?;
            found.extend(items);
            if left.is_empty() {
                return Ok(found);
            }
            if !backoff.wait().await {
                return Err(Error::Busy);
            }
            keys = left;
        }
    }

    async fn batch_get_once(
        &self,
        operation: &'static str,
        keys: Vec<Item>,
    ) -> Result<(Vec<Item>, Vec<Item>)> {
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let keys = keys.expect("the keys are set");
        let call = self.client.batch_get_item().request_items(&*self.name, keys);
        let answer = call.send().await.map_err(|error| unavailable(operation, error))?;
        let items = answer.responses.and_then(|mut tables| tables.remove(&*self.name));
        let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&*self.name));
        Ok((items.unwrap_or_default(), left.map(|left| left.keys).unwrap_or_default()))
    }

    /// The items of a range, as of now: as many as asked for, unless it ends.
    pub(crate) async fn query(&self, operation: &'static str, range: &Range<'_>) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut start = range.after.map(|sk| to_key(Key { pk: range.pk.to_owned(), sk: sk.to_owned() }));
        loop {
            let (more, next) = self.query_once(operation, range, range.limit - items.len(), start).await?;
            items.extend(more);
            // One answer ends at 1 MB, however few items that is.
            if next.is_none() || items.len() >= range.limit {
                return Ok(items);
            }
            start = next;
        }
    }

    async fn query_once(
        &self,
        operation: &'static str,
        range: &Range<'_>,
        limit: usize,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>)> {
        let mut call = self.client.query().table_name(&*self.name).consistent_read(true);
        call = call.expression_attribute_values(":pk", AttributeValue::S(range.pk.to_owned()));
        call = if range.prefix.is_empty() {
            call.key_condition_expression("pk = :pk")
        } else {
            call.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", AttributeValue::S(range.prefix.to_owned()))
        };
        let call = call.set_exclusive_start_key(start).limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let answer = call.send().await.map_err(|error| unavailable(operation, error))?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// Writes all or nothing.
    ///
    /// # Errors
    /// [`Error::Busy`] when contention outlasts the retries, and
    /// [`Error::Unavailable`] when DynamoDB fails or its answer does not
    /// arrive: the writes may then have happened.
    pub(crate) async fn transact(&self, operation: &'static str, writes: Vec<Write>) -> Result<Transaction> {
        let writes: Vec<TransactWriteItem> = writes.into_iter().map(|write| write.on(&self.name)).collect();
        let token = uuid::Uuid::new_v4().to_string();
        CONTENTION
            .run(|| async {
                let call = self.client.transact_write_items().set_transact_items(Some(writes.clone()));
                let Err(error) = call.client_request_token(&token).send().await else {
                    return Outcome::Done(Ok(Transaction::Committed));
                };
                match verdict(&error) {
                    Verdict::Refused => Outcome::Done(Ok(Transaction::Refused)),
                    Verdict::Contended => Outcome::Again(Error::Busy),
                    Verdict::Failed => Outcome::Done(Err(unavailable(operation, error))),
                }
            })
            .await
    }
}

/// One write of a transaction, with its condition.
#[derive(Debug)]
pub(crate) enum Write {
    /// Puts an item where its condition holds.
    Put(Item, Condition),
    /// Deletes an item, there or not.
    Delete(Key),
    /// Writes nothing and holds the transaction to a condition.
    Check(Key, Condition),
}

/// What must hold of the item that stands there now.
#[derive(Debug)]
pub(crate) struct Condition {
    expression: &'static str,
    value: Option<(&'static str, AttributeValue)>,
}

impl Condition {
    /// Anything goes.
    pub(crate) const NONE: Self = Self { expression: "", value: None };
    /// There is no item.
    pub(crate) const ABSENT: Self = Self { expression: "attribute_not_exists(pk)", value: None };
    /// There is an item, in the catalogue.
    pub(crate) const LISTED: Self =
        Self { expression: "attribute_exists(pk) AND attribute_not_exists(archived_at)", value: None };

    /// The item has this version.
    pub(crate) fn version(version: domain::Version) -> Self {
        let value = AttributeValue::N(version.to_string());
        Self { expression: "version = :version", value: Some((":version", value)) }
    }

    /// There is no item, or one whose time is over: the table's TTL deletes
    /// within days, not at the second (AWS: "Using time to live").
    pub(crate) fn absent_or_expired(now: jiff::Timestamp) -> Self {
        let value = AttributeValue::N(now.as_second().to_string());
        Self { expression: "attribute_not_exists(pk) OR expires_at <= :now", value: Some((":now", value)) }
    }

    fn expression(&self) -> Option<String> {
        (!self.expression.is_empty()).then(|| self.expression.to_owned())
    }

    fn values(self) -> Option<Item> {
        self.value.map(|(name, value)| [(name.to_owned(), value)].into())
    }
}

impl Write {
    fn on(self, table: &str) -> TransactWriteItem {
        const KEYED: &str = "table, key and condition are set";
        let write = TransactWriteItem::builder();
        match self {
            Self::Put(item, condition) => {
                let put = Put::builder().table_name(table).set_item(Some(item));
                let put = put.set_condition_expression(condition.expression());
                let put = put.set_expression_attribute_values(condition.values());
                write.put(put.build().expect(KEYED))
            }
            Self::Delete(key) => {
                let delete = Delete::builder().table_name(table).set_key(Some(to_key(key)));
                write.delete(delete.build().expect(KEYED))
            }
            Self::Check(key, condition) => {
                let check = ConditionCheck::builder().table_name(table).set_key(Some(to_key(key)));
                let check = check.set_condition_expression(condition.expression());
                let check = check
                    .set_expression_attribute_values(condition.values())
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None);
                write.condition_check(check.build().expect(KEYED))
            }
        }
        .build()
    }
}

enum Verdict {
    Refused,
    Contended,
    Failed,
}

/// What a failed transaction means for its caller.
fn verdict<R>(error: &SdkError<TransactWriteItemsError, R>) -> Verdict {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            judge(cancelled.cancellation_reasons())
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => Verdict::Contended,
        Some(other) if other.code().is_some_and(is_throttling) => Verdict::Contended,
        _ => Verdict::Failed,
    }
}

/// A failed condition is an answer even where another write met contention.
fn judge(reasons: &[CancellationReason]) -> Verdict {
    let mut codes =
        reasons.iter().filter_map(CancellationReason::code).filter(|code| *code != "None").peekable();
    if codes.clone().any(|code| code == "ConditionalCheckFailed") {
        Verdict::Refused
    } else if codes.peek().is_some() && codes.all(|code| code == "TransactionConflict" || is_throttling(code))
    {
        Verdict::Contended
    } else {
        Verdict::Failed
    }
}

fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingError"
            | "ThrottlingException"
            | "ProvisionedThroughputExceeded"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
    )
}

fn timeouts(config: &Config) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(config.connect_timeout)
        .operation_attempt_timeout(config.attempt_timeout)
        .operation_timeout(config.operation_timeout)
        .build()
}

fn unavailable<E, R>(operation: &'static str, error: SdkError<E, R>) -> Error
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    Error::unavailable(operation, error)
}
