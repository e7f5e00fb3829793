//! Batches of a `DynamoDB` stream, as Lambda hands them to a function, and what
//! it wants to hear of them (AWS: "Configuring partial batch response with
//! `DynamoDB` and Lambda").
//!
//! Records are read one by one: one that cannot be read is an error of its
//! own, not of the whole batch.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;
use serde_json::Value;

/// The records of one invocation, in the order of the stream.
#[derive(Debug)]
pub struct Batch(Vec<Record>);

/// One record.
#[derive(Debug)]
pub struct Record {
    /// Its place in the stream: what it is called when it fails.
    pub sequence_number: String,
    /// What changed.
    pub change: serde_json::Result<Change>,
}

/// What an item was, and what it is now.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Change {
    /// The item before, if there was one.
    pub old_image: Option<Item>,
    /// The item after, if there is one.
    pub new_image: Option<Item>,
}

/// Which records failed, for Lambda to bring them again: everything from the
/// earliest of them on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

impl Batch {
    /// Whether an event is a batch of records.
    pub fn is(event: &Value) -> bool {
        event.get("Records").is_some()
    }

    /// Reads an event.
    ///
    /// # Errors
    /// When it is no batch, or a record has no sequence number: then the batch
    /// has to fail as a whole.
    pub fn read(mut event: Value) -> Result<Self> {
        let records = event.get_mut("Records").map(Value::take);
        let Some(Value::Array(records)) = records else { anyhow::bail!("the event has no list of Records") };
        records.into_iter().map(Record::read).collect::<Result<_>>().map(Self)
    }

    /// Its records.
    pub fn records(self) -> Vec<Record> {
        self.0
    }
}

impl Record {
    fn read(mut record: Value) -> Result<Self> {
        let change = record.get_mut("dynamodb").map(Value::take).unwrap_or_default();
        let sequence_number = change.get("SequenceNumber").and_then(Value::as_str);
        let sequence_number = sequence_number.context("a record has no SequenceNumber")?.to_owned();
        Ok(Self { sequence_number, change: serde_json::from_value(change) })
    }
}

impl BatchResponse {
    /// These failed; if there are none, all went well.
    pub fn of_failures(sequence_numbers: impl IntoIterator<Item = String>) -> Self {
        let failure = |item_identifier| BatchItemFailure { item_identifier };
        Self { batch_item_failures: sequence_numbers.into_iter().map(failure).collect() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(sequence_number: &str, image: &Value) -> Value {
        json!({"eventName": "INSERT", "dynamodb": {
            "SequenceNumber": sequence_number, "Keys": {"pk": {"S": "a"}}, "NewImage": image,
        }})
    }

    #[test]
    fn a_record_that_cannot_be_read_leaves_the_others_alone() {
        let records = [record("1", &json!({"pk": {"S": "a"}})), record("2", &json!({"pk": 7}))];
        let records = Batch::read(json!({"Records": records})).expect("a batch").records();
        assert_eq!((records[0].sequence_number.as_str(), records[1].sequence_number.as_str()), ("1", "2"));
        let change = records[0].change.as_ref().expect("readable");
        assert!(change.new_image.is_some() && change.old_image.is_none());
        assert!(records[1].change.is_err());
    }

    #[test]
    fn what_is_no_batch_or_cannot_be_named_fails_as_a_whole() {
        for event in [
            json!({}),
            json!({"Records": {}}),
            json!({"Records": [{}]}),
            json!({"Records": [{"dynamodb": {"SequenceNumber": 7}}]}),
        ] {
            assert!(Batch::read(event.clone()).is_err(), "{event}");
        }
        assert!(!Batch::is(&json!({"source": "aws.scheduler"})));
    }

    #[test]
    fn failures_are_told_in_lambdas_words() {
        let told = serde_json::to_value(BatchResponse::of_failures(["2".to_owned()])).expect("plain JSON");
        assert_eq!(told, json!({"batchItemFailures": [{"itemIdentifier": "2"}]}));
        let none = serde_json::to_value(BatchResponse::default()).expect("plain JSON");
        assert_eq!(none, json!({"batchItemFailures": []}));
    }
}
