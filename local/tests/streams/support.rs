//! A stream of one test's own, and how its records and invocations are told apart.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use http::StatusCode;
use local::dynamodb::DynamoDb;
use local::gate::Backend;
use local::project::Project;
use local::streams::{Streams, Surroundings, messages};
use local::template::{StartingPosition, StreamMapping, TABLE_NAME};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::emulator::{Emulator, Outcome, function};

pub(crate) const QUEUE: &str = "Undelivered";
pub(crate) const FOREVER: Duration = Duration::from_hours(1);
/// Enough for what must not happen to happen on most machines; where it is too
/// short, the test finds less and does not fail.
pub(crate) const A_WHILE: Duration = Duration::from_millis(400);

/// A table and a folder of one test's own.
pub(crate) struct Shop {
    pub(crate) database: DynamoDb,
    pub(crate) state: TempDir,
    pub(crate) in_memory: bool,
}

impl Shop {
    pub(crate) async fn in_memory() -> Self {
        let database = DynamoDb::in_memory(TABLE_NAME, &table()).await.unwrap();
        Self { database, state: tempfile::tempdir().unwrap(), in_memory: true }
    }

    pub(crate) async fn in_file() -> Self {
        let state = tempfile::tempdir().unwrap();
        Self { database: open(state.path()).await, state, in_memory: false }
    }

    /// The same shop after its process has ended.
    pub(crate) async fn restarted(self) -> Self {
        self.database.stop().await;
        Self { database: open(self.state.path()).await, ..self }
    }

    pub(crate) async fn start(&self, emulator: &Emulator, mapping: StreamMapping) -> Streams {
        self.start_with(emulator, [(mapping, function("reader"))]).await.unwrap()
    }

    pub(crate) async fn start_with(
        &self,
        emulator: &Emulator,
        mappings: impl IntoIterator<Item = (StreamMapping, Backend)>,
    ) -> anyhow::Result<Streams> {
        let surroundings = Surroundings {
            dynamodb: self.database.endpoint(),
            table: TABLE_NAME.into(),
            state: self.state.path().to_owned(),
            in_memory: self.in_memory,
        };
        Streams::start(&surroundings, &emulator.invoker(), mappings).await
    }

    /// Writes items with these numbers, one after the other.
    pub(crate) async fn write(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.write_item("ITEM", number, "").await;
        }
    }

    pub(crate) async fn write_item(&self, kind: &str, number: usize, text: &str) {
        let item = json!({"pk": {"S": kind}, "sk": {"S": number.to_string()}, "text": {"S": text}});
        let request = json!({"TableName": TABLE_NAME, "Item": item});
        let signature = "AWS4-HMAC-SHA256 Credential=a/20000101/b/dynamodb/aws4_request, \
                         SignedHeaders=host, Signature=0";
        let call = reqwest::Client::new().post(self.database.endpoint());
        let call = call.header("authorization", signature).header("x-amz-date", "20000101T000000Z");
        let call = call.header("x-amz-target", "DynamoDB_20120810.PutItem");
        let call = call.header("content-type", "application/x-amz-json-1.0").body(request.to_string());
        assert_eq!(call.send().await.unwrap().status(), StatusCode::OK);
    }

    /// Moves what was written so far an hour into the past.
    pub(crate) fn make_old(&self) {
        let table = rusqlite::Connection::open(self.state.path().join("table.sqlite")).unwrap();
        table.execute("UPDATE _stream_records SET created_at = created_at - 3600", []).unwrap();
    }

    pub(crate) fn queue(&self) -> Vec<Value> {
        messages(self.state.path(), QUEUE).unwrap()
    }

    /// The last record that the mapping is done with.
    pub(crate) fn checkpoint(&self) -> Value {
        let file = self.state.path().join("streams/ReaderTable.json");
        let text = std::fs::read(file).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["after"].clone()
    }
}

pub(crate) fn table() -> local::template::Table {
    Project::find().unwrap().template().unwrap().table().unwrap()
}

pub(crate) async fn open(state: &Path) -> DynamoDb {
    DynamoDb::in_file(&state.join("table.sqlite"), TABLE_NAME, &table()).await.unwrap()
}

pub(crate) fn mapping() -> StreamMapping {
    StreamMapping {
        name: "ReaderTable".into(),
        batch_size: 100,
        batching_window: Duration::ZERO,
        starting_position: StartingPosition::TrimHorizon,
        filters: vec![],
        max_retries: None,
        max_record_age: None,
        bisect: false,
        reports_failures: false,
        on_failure: Some(QUEUE.into()),
        enabled: true,
    }
}

pub(crate) fn succeeds() -> Outcome {
    (Duration::ZERO, StatusCode::OK, json!({"batchItemFailures": []}))
}

pub(crate) fn fails() -> Outcome {
    (Duration::ZERO, StatusCode::INTERNAL_SERVER_ERROR, json!({"errorType": "Panic"}))
}

pub(crate) fn hangs() -> Outcome {
    (FOREVER, StatusCode::OK, Value::Null)
}

/// Says that these records failed.
pub(crate) fn reports<'a>(failed: impl IntoIterator<Item = &'a Value>) -> Outcome {
    let failure = |record: &Value| json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]});
    let failures: Vec<_> = failed.into_iter().map(failure).collect();
    (Duration::ZERO, StatusCode::OK, json!({"batchItemFailures": failures}))
}

pub(crate) fn records(event: &Value) -> &Vec<Value> {
    event["Records"].as_array().unwrap()
}

pub(crate) fn number(record: &Value) -> usize {
    record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn numbers(event: &Value) -> Vec<usize> {
    records(event).iter().map(number).collect()
}

/// The numbers of each invocation so far.
pub(crate) fn batches(emulator: &Emulator) -> Vec<Vec<usize>> {
    emulator.invocations().iter().map(|(_, event)| numbers(event)).collect()
}

pub(crate) fn delivered(emulator: &Emulator) -> Vec<usize> {
    batches(emulator).concat()
}

pub(crate) fn record(emulator: &Emulator, wanted: usize) -> Value {
    let invocations = emulator.invocations();
    let mut all = invocations.iter().flat_map(|(_, event)| records(event));
    all.find(|record| number(record) == wanted).unwrap()["dynamodb"].clone()
}

pub(crate) fn sequence_number_of(emulator: &Emulator, wanted: usize) -> Value {
    record(emulator, wanted)["SequenceNumber"].clone()
}

/// Of the batches that hold the poison and of the others, what is done with
/// once they are answered.
pub(crate) fn acknowledged(emulator: &Emulator, of_poisoned: impl Fn(&[usize]) -> Vec<usize>) -> Vec<usize> {
    let done = |batch: Vec<usize>| if batch.contains(&POISON) { of_poisoned(&batch) } else { batch };
    batches(emulator).into_iter().flat_map(done).collect()
}

pub(crate) fn of(numbers: Range<usize>) -> Vec<usize> {
    numbers.collect()
}

pub(crate) const POISON: usize = 37;

pub(crate) fn all_but_the_poison() -> Vec<usize> {
    (0..100).filter(|&number| number != POISON).collect()
}

pub(crate) fn is_poisoned(event: &Value) -> bool {
    numbers(event).contains(&POISON)
}
