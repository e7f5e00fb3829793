//! The one door to DynamoDB: every call goes through here, with a name, a
//! deadline and a retry policy.
//!
//! Reads that fail in transit or are throttled are retried by the SDK, and
//! transactions here, because what their failures mean is not for it to say.

mod door;
mod transaction;
mod write;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use domain::{Error, Result};
use monitoring::{DatabaseUse, Monitoring};
use retry::Budget;

use self::door::{Attempts, Door};
pub(crate) use self::transaction::{Refusal, Transaction};
pub(crate) use self::write::{Condition, Expression, Write, number};
use crate::Config;
use crate::connection;
use crate::item::{Item, key_of, to_key};
use crate::keys::{self, Key};

/// Keys of one `BatchGetItem` (AWS: at most 100).
const BATCH: usize = 100;

/// Entries of one page of the index.
const PAGE: i32 = 100;

/// The index of what waits for something to be done.
const INDEX: &str = "sparse";

/// How transactions and unprocessed batch keys are tried again.
const CONTENTION: retry::Policy = retry::Policy {
    attempts: 8,
    base: Duration::from_millis(10),
    cap: Duration::from_millis(400),
    total: Duration::from_secs(5),
};

/// How what read first is tried again when a write came between.
pub(crate) const RACE: retry::Policy = retry::Policy {
    attempts: 10,
    base: Duration::from_millis(5),
    cap: Duration::from_millis(200),
    total: Duration::from_secs(5),
};

/// Tries what reads first and writes then until nothing comes between: `attempt`
/// says so with nothing.
///
/// # Errors
/// The attempt's own; [`Error::Busy`] when something always comes between.
pub(crate) async fn undisturbed<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: From<Error>,
    F: Future<Output = Result<Option<T>, E>>,
{
    let (mut backoff, mut retries) = (RACE.backoff(), 0);
    loop {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
        if !backoff.wait().await {
            exhausted("change what was read", retries, &Error::Busy);
            return Err(Error::Busy.into());
        }
        retries += 1;
        tracing::debug!(retries, "something came between, it is tried again");
    }
}

/// Says that something was tried as often as it may be.
fn exhausted(operation: &str, retries: u32, error: &Error) {
    let (request_id, trace_id) = (monitoring::request_id(), monitoring::trace_id());
    let cause = error as &dyn std::error::Error;
    tracing::warn!(request_id, trace_id, operation, retries, cause, "retries exhausted");
}

/// Retries of transactions in a row before one must have gone well.
const RETRIES: u32 = 100;

/// The table, behind its client.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    client: Client,
    name: Arc<str>,
    door: Door,
    budget: Arc<Budget>,
}

/// How a put ended that wants no item there.
#[derive(Debug)]
pub(crate) enum Put {
    /// It is there.
    Done,
    /// This was there: perhaps this very item, put by a try whose answer got lost.
    There(Item),
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
    /// From the last sort key to the first.
    pub(crate) backward: bool,
}

/// What stands in one partition of the index up to a sort key.
#[derive(Debug)]
pub(crate) struct Due<'a> {
    /// The index's partition.
    pub(crate) partition: &'a str,
    /// The last sort key.
    pub(crate) until: &'a str,
    /// Where the page before ended.
    pub(crate) after: Option<Item>,
}

impl Table {
    pub(crate) fn new(config: &Config, monitoring: &Monitoring) -> Self {
        let mut builder = aws_sdk_dynamodb::Config::builder()
            .region(Region::new(config.region.clone()))
            .credentials_provider(config.credentials.for_the_sdk())
            .http_client(connection::http_client(config.endpoint.as_deref(), &config.region, config.slots))
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts(config));
        builder.set_endpoint_url(config.endpoint.clone());
        Self {
            client: Client::from_conf(builder.build()),
            name: config.table_name.as_str().into(),
            door: Door::new(config, monitoring),
            budget: Arc::new(Budget::of_retries(RETRIES)),
        }
    }

    /// What was asked of the table since the process began.
    pub(crate) fn use_so_far(&self) -> DatabaseUse {
        self.door.use_so_far()
    }

    /// Opens a connection, by reading nothing once: a handshake takes a small function's
    /// request far longer than its init. Whatever comes of it, the next call will tell.
    pub(crate) async fn connect(&self) {
        let call = self.client.get_item().table_name(&*self.name).set_key(Some(to_key(keys::health())));
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let _ = Box::pin(call.customize().config_override(once).send()).await;
    }

    /// One item, as of now.
    pub(crate) async fn get(&self, operation: &'static str, key: Key) -> Result<Option<Item>> {
        let attempts = Attempts::default();
        let call = self.client.get_item().table_name(&*self.name).set_key(Some(to_key(key)));
        let call = call.consistent_read(true).customize().interceptor(attempts.clone());
        Ok(self.ask(operation, attempts, Box::pin(call.send())).await?.item)
    }

    /// Puts an item where there is none.
    pub(crate) async fn put_absent(&self, operation: &'static str, item: Item) -> Result<Put> {
        undisturbed(|| self.try_put_absent(operation, item.clone())).await
    }

    /// One try; nothing when a transaction has the item in its hands.
    async fn try_put_absent(&self, operation: &'static str, item: Item) -> Result<Option<Put>> {
        let attempts = Attempts::default();
        let call = self.client.put_item().table_name(&*self.name).set_item(Some(item));
        let call = call
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .customize()
            .interceptor(attempts.clone());
        match self.door.pass(operation, &attempts, Box::pin(call.send())).await {
            Ok(Ok(_)) => Ok(Some(Put::Done)),
            Ok(Err(error)) => self.not_put(operation, error),
            Err(held) => Err(Error::unavailable(operation, held)),
        }
    }

    fn not_put(&self, operation: &'static str, error: SdkError<PutItemError>) -> Result<Option<Put>> {
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Some(Put::There(failed.item.clone().unwrap_or_default())))
            }
            Some(PutItemError::TransactionConflictException(_)) => Ok(None),
            _ => {
                self.door.failed(operation, &error);
                Err(Error::unavailable(operation, error))
            }
        }
    }

    /// A call that reads, through the door. Boxed, because the SDK's futures are
    /// kilobytes, and each of ours holds one.
    async fn ask<T, E, R>(
        &self,
        operation: &'static str,
        attempts: Attempts,
        call: Pin<Box<impl Future<Output = Result<T, SdkError<E, R>>>>>,
    ) -> Result<T>
    where
        E: std::error::Error + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match self.door.pass(operation, &attempts, call).await {
            Ok(answer) => answer.map_err(|error| {
                self.door.failed(operation, &error);
                Error::unavailable(operation, error)
            }),
            Err(held) => Err(Error::unavailable(operation, held)),
        }
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
        let (mut backoff, mut retries) = (CONTENTION.backoff(), 0);
        loop {
            let (items, left) = self.batch_get_once(operation, keys).await?;
            found.extend(items);
            if left.is_empty() {
                return Ok(found);
            }
            if !backoff.wait().await {
                exhausted(operation, retries, &Error::Busy);
                return Err(Error::Busy);
            }
            retries += 1;
            tracing::debug!(operation, retries, "unprocessed keys asked for again");
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
        let attempts = Attempts::default();
        let call = self.client.batch_get_item().request_items(&*self.name, keys).customize();
        let call = call.interceptor(attempts.clone()).send();
        let answer = self.ask(operation, attempts, Box::pin(call)).await?;
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
        let call = self.partition(range.pk).scan_index_forward(!range.backward);
        let call = if range.prefix.is_empty() {
            call.key_condition_expression("pk = :pk")
        } else {
            call.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                .expression_attribute_values(":prefix", AttributeValue::S(range.prefix.to_owned()))
        };
        self.run(
            operation,
            call.set_exclusive_start_key(start).limit(i32::try_from(limit).unwrap_or(i32::MAX)),
        )
        .await
    }

    /// The items of a whole small partition that are this owner's, as of now.
    /// DynamoDB filters, so that a partition of another's is answered like one
    /// that is not there.
    pub(crate) async fn owned(&self, operation: &'static str, pk: &str, owner: &str) -> Result<Vec<Item>> {
        let call = self.partition(pk).key_condition_expression("pk = :pk");
        let call = call.filter_expression("#user = :owner").expression_attribute_names("#user", "user");
        let call = call.expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()));
        Ok(self.run(operation, call).await?.0)
    }

    /// A page of the keys of what is due, as the index knows it, which may lag; and
    /// where it ends, if more follow.
    pub(crate) async fn due(
        &self,
        operation: &'static str,
        due: Due<'_>,
    ) -> Result<(Vec<Key>, Option<Item>)> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let call = self
            .client
            .query()
            .table_name(&*self.name)
            .index_name(INDEX)
            .key_condition_expression("sparse_pk = :pk AND sparse_sk <= :until")
            .expression_attribute_values(":pk", text(due.partition))
            .expression_attribute_values(":until", text(due.until))
            .limit(PAGE)
            .set_exclusive_start_key(due.after);
        let (items, next) = self.run(operation, call).await?;
        Ok((items.iter().map(|item| key_of("index entry", item)).collect::<Result<_>>()?, next))
    }

    fn partition(&self, pk: &str) -> QueryFluentBuilder {
        let call = self.client.query().table_name(&*self.name).consistent_read(true);
        call.expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
    }

    async fn run(
        &self,
        operation: &'static str,
        call: QueryFluentBuilder,
    ) -> Result<(Vec<Item>, Option<Item>)> {
        let attempts = Attempts::default();
        let call = call.customize().interceptor(attempts.clone()).send();
        let answer = self.ask(operation, attempts, Box::pin(call)).await?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }
}

fn timeouts(config: &Config) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(config.connect_timeout)
        .operation_attempt_timeout(config.attempt_timeout)
        .operation_timeout(config.operation_timeout)
        .build()
}
