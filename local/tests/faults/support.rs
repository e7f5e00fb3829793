//! A table behind the proxy, and clients before and past it.

use std::fmt::Debug;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::Builder;
use local::faults::Faults;
use local::template::TABLE_NAME;
use local::testing::Database;
use tokio::time::{sleep, timeout};

/// Everything is written under one partition.
pub(crate) const PARTITION: &str = "P";

pub(crate) struct Table {
    pub(crate) faults: Faults,
    /// Meets the faults, and tries nothing twice.
    pub(crate) client: Client,
    /// Meets none.
    pub(crate) truth: Client,
    pub(crate) database: Database,
}

impl Table {
    pub(crate) async fn new() -> Self {
        let database = Database::memory().await;
        let (client, truth) = (client(&database.endpoint()), client(&database.endpoint_past_faults()));
        Self { faults: database.faults(), client, truth, database }
    }

    /// Whether the item is really there.
    pub(crate) async fn has(&self, id: &str) -> bool {
        let get = self.truth.get_item().table_name(TABLE_NAME).consistent_read(true);
        get.set_key(Some(key(id))).send().await.unwrap().item.is_some()
    }

    /// Waits until so many calls of the operation have come.
    pub(crate) async fn until_called(&self, operation: &str, calls: u64) {
        let called = async {
            while self.faults.counts().calls_of(operation) < calls {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), called).await.expect("it comes to that");
    }
}

fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .http_client(Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}

pub(crate) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn key(id: &str) -> std::collections::HashMap<String, AttributeValue> {
    [("pk".to_owned(), text(PARTITION)), ("sk".to_owned(), text(id))].into()
}

pub(crate) fn put(id: &str) -> TransactWriteItem {
    let put = Put::builder().table_name(TABLE_NAME).set_item(Some(key(id))).build().unwrap();
    TransactWriteItem::builder().put(put).build()
}

pub(crate) fn delete(id: &str) -> TransactWriteItem {
    let delete = Delete::builder().table_name(TABLE_NAME).set_key(Some(key(id))).build().unwrap();
    TransactWriteItem::builder().delete(delete).build()
}

/// What a refusal is called.
pub(crate) fn code<T: Debug>(answer: Result<T, impl ProvideErrorMetadata + Debug>) -> String {
    answer.unwrap_err().code().unwrap_or("no code").to_owned()
}

/// Reasons of a cancelled transaction, one for each item.
pub(crate) fn reasons<T: Debug>(
    answer: Result<T, SdkError<TransactWriteItemsError>>,
) -> Vec<(String, Option<String>)> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) =
        answer.unwrap_err().into_service_error()
    else {
        return Vec::new();
    };
    cancelled
        .cancellation_reasons()
        .iter()
        .map(|reason| (reason.code().unwrap().to_owned(), reason.message().map(str::to_owned)))
        .collect()
}
