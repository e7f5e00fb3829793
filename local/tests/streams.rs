//! The table's stream, from a real embedded DynamoDB to a stand-in for the
//! emulator that counts and keeps every invocation.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/emulator.rs"]
mod emulator;

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use emulator::{Emulator, Outcome, function, until};
use http::StatusCode;
use local::dynamodb::DynamoDb;
use local::gate::Backend;
use local::lambda::{Environment, Supervisor};
use local::project::Project;
use local::streams::{Streams, Surroundings, messages};
use local::template::{StartingPosition, StreamMapping, TABLE_NAME};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

const QUEUE: &str = "Undelivered";
const FOREVER: Duration = Duration::from_hours(1);
/// Enough for what must not happen to happen on most machines; where it is too
/// short, the test finds less and does not fail.
const A_WHILE: Duration = Duration::from_millis(400);

/// A table and a folder of one test's own.
struct Shop {
    database: DynamoDb,
    state: TempDir,
    in_memory: bool,
}

impl Shop {
    async fn in_memory() -> Self {
        let database = DynamoDb::in_memory(TABLE_NAME, &table()).await.unwrap();
        Self { database, state: tempfile::tempdir().unwrap(), in_memory: true }
    }

    async fn in_file() -> Self {
        let state = tempfile::tempdir().unwrap();
        Self { database: open(state.path()).await, state, in_memory: false }
    }

    /// The same shop after its process has ended.
    async fn restarted(self) -> Self {
        self.database.stop().await;
        Self { database: open(self.state.path()).await, ..self }
    }

    async fn start(&self, emulator: &Emulator, mapping: StreamMapping) -> Streams {
        self.start_with(emulator, [(mapping, function("reader"))]).await.unwrap()
    }

    async fn start_with(
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
    async fn write(&self, numbers: impl IntoIterator<Item = usize>) {
        for number in numbers {
            self.write_item("ITEM", number, "").await;
        }
    }

    async fn write_item(&self, kind: &str, number: usize, text: &str) {
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
    fn make_old(&self) {
        let table = rusqlite::Connection::open(self.state.path().join("table.sqlite")).unwrap();
        table.execute("UPDATE _stream_records SET created_at = created_at - 3600", []).unwrap();
    }

    fn queue(&self) -> Vec<Value> {
        messages(self.state.path(), QUEUE).unwrap()
    }

    /// The last record that the mapping is done with.
    fn checkpoint(&self) -> Value {
        let file = self.state.path().join("streams/ReaderTable.json");
        let text = std::fs::read(file).unwrap();
        serde_json::from_slice::<Value>(&text).unwrap()["after"].clone()
    }
}

fn table() -> local::template::Table {
    Project::find().unwrap().template().unwrap().table().unwrap()
}

async fn open(state: &Path) -> DynamoDb {
    DynamoDb::in_file(&state.join("table.sqlite"), TABLE_NAME, &table()).await.unwrap()
}

fn mapping() -> StreamMapping {
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

fn succeeds() -> Outcome {
    (Duration::ZERO, StatusCode::OK, json!({"batchItemFailures": []}))
}

fn fails() -> Outcome {
    (Duration::ZERO, StatusCode::INTERNAL_SERVER_ERROR, json!({"errorType": "Panic"}))
}

fn hangs() -> Outcome {
    (FOREVER, StatusCode::OK, Value::Null)
}

/// Says that these records failed.
fn reports<'a>(failed: impl IntoIterator<Item = &'a Value>) -> Outcome {
    let failure = |record: &Value| json!({"itemIdentifier": record["dynamodb"]["SequenceNumber"]});
    let failures: Vec<_> = failed.into_iter().map(failure).collect();
    (Duration::ZERO, StatusCode::OK, json!({"batchItemFailures": failures}))
}

fn records(event: &Value) -> &Vec<Value> {
    event["Records"].as_array().unwrap()
}

fn number(record: &Value) -> usize {
    record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap().parse().unwrap()
}

fn numbers(event: &Value) -> Vec<usize> {
    records(event).iter().map(number).collect()
}

/// The numbers of each invocation so far.
fn batches(emulator: &Emulator) -> Vec<Vec<usize>> {
    emulator.invocations().iter().map(|(_, event)| numbers(event)).collect()
}

fn delivered(emulator: &Emulator) -> Vec<usize> {
    batches(emulator).concat()
}

fn record(emulator: &Emulator, wanted: usize) -> Value {
    let invocations = emulator.invocations();
    let mut all = invocations.iter().flat_map(|(_, event)| records(event));
    all.find(|record| number(record) == wanted).unwrap()["dynamodb"].clone()
}

fn sequence_number_of(emulator: &Emulator, wanted: usize) -> Value {
    record(emulator, wanted)["SequenceNumber"].clone()
}

/// Of the batches that hold the poison and of the others, what is done with
/// once they are answered.
fn acknowledged(emulator: &Emulator, of_poisoned: impl Fn(&[usize]) -> Vec<usize>) -> Vec<usize> {
    let done = |batch: Vec<usize>| if batch.contains(&POISON) { of_poisoned(&batch) } else { batch };
    batches(emulator).into_iter().flat_map(done).collect()
}

fn of(numbers: Range<usize>) -> Vec<usize> {
    numbers.collect()
}

const POISON: usize = 37;

fn all_but_the_poison() -> Vec<usize> {
    (0..100).filter(|&number| number != POISON).collect()
}

fn is_poisoned(event: &Value) -> bool {
    numbers(event).contains(&POISON)
}

#[tokio::test]
async fn records_arrive_in_order_as_aws_sends_them() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let _streams = shop.start(&emulator, mapping()).await;
    shop.write(0..20).await;
    until(|| delivered(&emulator).len() >= 20).await;
    shop.write(20..30).await;
    until(|| delivered(&emulator).len() >= 30).await;
    assert_eq!(delivered(&emulator), of(0..30));
    assert_eq!(emulator.most_at_once(), 1);

    let (reader, event) = emulator.invocations().remove(0);
    assert_eq!(reader, "reader");
    let record = &records(&event)[0];
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert_eq!(record["awsRegion"], "eu-west-1");
    assert_eq!(record["dynamodb"]["NewImage"]["sk"]["S"], "0");
    assert!(record["dynamodb"]["ApproximateCreationDateTime"].is_number());
    let arn = record["eventSourceARN"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:dynamodb:eu-west-1:123456789012:table/storefront/stream/1"), "{arn}");
}

#[tokio::test]
async fn a_batch_has_at_most_its_size() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    shop.write(0..25).await;
    let _streams = shop.start(&emulator, StreamMapping { batch_size: 10, ..mapping() }).await;
    until(|| delivered(&emulator).len() >= 25).await;
    let expected = [0..10, 10..20, 20..25].map(of);
    assert_eq!(batches(&emulator), expected);
}

#[tokio::test]
async fn a_batch_is_no_larger_than_a_payload_may_be() {
    const LIMIT: usize = 6 * 1024 * 1024;
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let text = "x".repeat(300_000);
    for number in 0..24 {
        shop.write_item("ITEM", number, &text).await;
    }
    let _streams = shop.start(&emulator, mapping()).await;
    until(|| delivered(&emulator).len() >= 24).await;
    assert_eq!(delivered(&emulator), of(0..24));
    let sizes: Vec<_> = emulator.invocations().iter().map(|(_, event)| event.to_string().len()).collect();
    assert!(sizes.iter().all(|&size| size <= LIMIT), "{sizes:?}");
    assert!(sizes[0] > LIMIT - 2 * text.len(), "{sizes:?}");
}

#[tokio::test]
async fn a_batch_waits_for_more_within_its_window() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let patient = StreamMapping { batch_size: 3, batching_window: FOREVER, ..mapping() };
    let _streams = shop.start(&emulator, patient).await;
    for number in 0..3 {
        sleep(A_WHILE).await;
        shop.write([number]).await;
    }
    until(|| !batches(&emulator).is_empty()).await;
    assert_eq!(batches(&emulator), [[0, 1, 2]]);
}

#[tokio::test]
async fn a_batch_that_stays_small_is_sent_after_its_window() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let _streams =
        shop.start(&emulator, StreamMapping { batching_window: Duration::from_secs(1), ..mapping() }).await;
    shop.write(0..2).await;
    until(|| delivered(&emulator).len() >= 2).await;
}

#[tokio::test]
async fn what_no_filter_wants_is_passed_over() {
    let (shop, emulator) = (Shop::in_file().await, Emulator::start(|_| succeeds()).await);
    let of_kind = |kind: &str| json!({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": kind}]}}}});
    let choosy = StreamMapping { filters: vec![of_kind("ORDER"), of_kind("WEBHOOK#")], ..mapping() };
    let streams = shop.start(&emulator, choosy).await;
    for (number, kind) in ["CART", "ORDER", "CART", "WEBHOOK#1", "CART"].into_iter().enumerate() {
        shop.write_item(kind, number, "").await;
    }
    until(|| delivered(&emulator).len() >= 2).await;
    assert_eq!(delivered(&emulator), [1, 3]);
    let third = sequence_number_of(&emulator, 3);
    until(|| shop.checkpoint().as_str() > third.as_str()).await;
    streams.stop().await;
    // Another mapping of this name would be sent what is not passed over.
    let _streams = shop.start(&emulator, mapping()).await;
    shop.write([5]).await;
    until(|| delivered(&emulator).len() >= 3).await;
    assert_eq!(delivered(&emulator), [1, 3, 5]);
}

#[tokio::test]
async fn a_filter_without_a_meaning_is_refused_at_the_start() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let filters = vec![json!({"eventName": [{"wildcard": "IN*"}]})];
    let started =
        shop.start_with(&emulator, [(StreamMapping { filters, ..mapping() }, function("reader"))]).await;
    let said = format!("{:#}", started.unwrap_err());
    assert!(said.starts_with("stream mapping ReaderTable: filter"), "{said}");
    assert!(said.contains("wildcard"), "{said}");
}

#[tokio::test]
async fn a_mapping_that_is_not_enabled_reads_nothing() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let off = StreamMapping { enabled: false, name: "OffTable".into(), ..mapping() };
    let mappings = [(off, function("off")), (mapping(), function("on"))];
    let _streams = shop.start_with(&emulator, mappings).await.unwrap();
    shop.write([0]).await;
    until(|| !emulator.invocations().is_empty()).await;
    sleep(A_WHILE).await;
    assert!(emulator.invocations().iter().all(|(name, _)| name == "on"));
}

#[tokio::test]
async fn the_latest_position_is_after_what_was_written_before() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    shop.write(0..3).await;
    let latest = StreamMapping { starting_position: StartingPosition::Latest, ..mapping() };
    let _streams = shop.start(&emulator, latest).await;
    shop.write(3..5).await;
    until(|| delivered(&emulator).len() >= 2).await;
    assert_eq!(delivered(&emulator), [3, 4]);
}

#[tokio::test]
async fn a_poison_record_is_found_by_halves_and_reports() {
    let shop = Shop::in_memory().await;
    let emulator =
        Emulator::start(|event| reports(records(event).iter().filter(|it| number(it) == POISON))).await;
    shop.write(0..100).await;
    let strict = StreamMapping { bisect: true, reports_failures: true, max_retries: Some(2), ..mapping() };
    let _streams = shop.start(&emulator, strict).await;
    let before = |batch: &[usize]| batch.iter().copied().take_while(|&number| number != POISON).collect();
    until(|| acknowledged(&emulator, before).len() >= 99).await;
    assert_eq!(acknowledged(&emulator, before), all_but_the_poison());
    let tries = batches(&emulator).into_iter().filter(|batch| *batch == [POISON]).count();
    assert_eq!(tries, 3, "once and two retries");
    assert_is_told_of_the_poison(&shop, &emulator, &Value::Null);
}

#[tokio::test]
async fn a_poison_record_is_found_by_halves_alone() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|event| if is_poisoned(event) { fails() } else { succeeds() }).await;
    shop.write(0..100).await;
    let strict = StreamMapping { bisect: true, max_retries: Some(2), ..mapping() };
    let _streams = shop.start(&emulator, strict).await;
    let nothing = |_: &[usize]| Vec::new();
    until(|| acknowledged(&emulator, nothing).len() >= 99).await;
    assert_eq!(acknowledged(&emulator, nothing), all_but_the_poison());
    let tries = batches(&emulator).into_iter().filter(|batch| *batch == [POISON]).count();
    assert_eq!(tries, 3, "once and two retries");
    assert_is_told_of_the_poison(&shop, &emulator, &json!("Unhandled"));
}

fn assert_is_told_of_the_poison(shop: &Shop, emulator: &Emulator, function_error: &Value) {
    let [message] = shop.queue().try_into().unwrap();
    let request = &message["requestContext"];
    assert_eq!(request["condition"], "RetryAttemptsExhausted");
    assert_eq!(request["approximateInvokeCount"], 3);
    assert_eq!(request["functionArn"], "arn:aws:lambda:eu-west-1:123456789012:function:storefront-reader");
    let response = json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": function_error});
    assert_eq!(message["responseContext"], response);
    let (_, event) = emulator.invocations().remove(0);
    let place = &message["DDBStreamBatchInfo"];
    let poison = sequence_number_of(emulator, POISON);
    assert_eq!((&place["startSequenceNumber"], &place["endSequenceNumber"]), (&poison, &poison));
    assert_eq!(place["batchSize"], 1);
    assert_eq!(place["shardId"], "shardId-00000001-storefront");
    assert_eq!(place["streamArn"], records(&event)[0]["eventSourceARN"]);
    let arrival = place["approximateArrivalOfFirstRecord"].as_str().unwrap();
    let created = record(emulator, POISON)["ApproximateCreationDateTime"].as_f64().unwrap();
    let arrival = arrival.parse::<jiff::Timestamp>().unwrap();
    assert_eq!(arrival.as_duration(), jiff::SignedDuration::try_from_secs_f64(created).unwrap());
}

#[tokio::test]
async fn without_halves_the_batch_is_given_up_as_a_whole() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|event| if is_poisoned(event) { fails() } else { succeeds() }).await;
    shop.write(30..40).await;
    let strict = StreamMapping { max_retries: Some(2), ..mapping() };
    let _streams = shop.start(&emulator, strict).await;
    until(|| !shop.queue().is_empty()).await;
    shop.write([40]).await;
    until(|| delivered(&emulator).contains(&40)).await;
    let poisoned = of(30..40);
    assert_eq!(batches(&emulator), [poisoned.clone(), poisoned.clone(), poisoned, vec![40]]);
    let [message] = shop.queue().try_into().unwrap();
    let place = &message["DDBStreamBatchInfo"];
    assert_eq!(place["batchSize"], 10);
    assert_eq!(place["startSequenceNumber"], sequence_number_of(&emulator, 30));
    assert_eq!(place["endSequenceNumber"], sequence_number_of(&emulator, 39));
    assert_eq!(message["requestContext"]["approximateInvokeCount"], 3);
}

#[tokio::test]
async fn without_retries_a_batch_is_sent_once() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| fails()).await);
    let strict = StreamMapping { max_retries: Some(0), batch_size: 1, ..mapping() };
    shop.write(0..3).await;
    let _streams = shop.start(&emulator, strict).await;
    until(|| shop.queue().len() >= 3).await;
    assert_eq!(delivered(&emulator), [0, 1, 2]);
}

#[tokio::test]
async fn without_a_queue_the_stream_goes_on_too() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|event| if is_poisoned(event) { fails() } else { succeeds() }).await;
    let strict = StreamMapping { max_retries: Some(1), batch_size: 1, on_failure: None, ..mapping() };
    shop.write(36..39).await;
    let _streams = shop.start(&emulator, strict).await;
    until(|| delivered(&emulator).contains(&38)).await;
    assert_eq!(delivered(&emulator), [36, 37, 37, 38]);
}

#[tokio::test]
async fn progress_begins_the_retries_anew() {
    let (shop, calls) = (Shop::in_memory().await, AtomicUsize::new(0));
    // Fails, gets one record further, fails, gets one record further …
    let emulator = Emulator::start(move |event| {
        if calls.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return fails();
        }
        reports(records(event).get(1))
    })
    .await;
    shop.write(0..6).await;
    let slow = StreamMapping { reports_failures: true, max_retries: Some(1), ..mapping() };
    let _streams = shop.start(&emulator, slow).await;
    until(|| batches(&emulator).len() >= 12).await;
    shop.write([6]).await;
    until(|| delivered(&emulator).contains(&6)).await;
    let expected: Vec<Vec<usize>> = (0..6).flat_map(|first| [of(first..6), of(first..6)]).collect();
    assert_eq!(batches(&emulator)[..12], expected);
    assert!(shop.queue().is_empty());
}

#[tokio::test]
async fn reports_that_the_mapping_does_not_ask_for_mean_nothing() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|event| reports(records(event))).await;
    shop.write(0..3).await;
    let _streams = shop.start(&emulator, StreamMapping { batch_size: 1, ..mapping() }).await;
    until(|| delivered(&emulator).len() >= 3).await;
    assert_eq!(delivered(&emulator), [0, 1, 2]);
}

#[tokio::test]
async fn a_mapping_that_is_stuck_holds_up_no_other() {
    let shop = Shop::in_memory().await;
    let emulator = Emulator::start(|_| fails()).await;
    let healthy = Emulator::start(|_| succeeds()).await;
    shop.write(0..3).await;
    let _stuck = shop.start(&emulator, mapping()).await;
    let other = StreamMapping { name: "OtherTable".into(), ..mapping() };
    let _other = shop.start(&healthy, other).await;
    until(|| batches(&emulator).len() >= 4).await;
    assert!(batches(&emulator).iter().all(|batch| *batch == [0, 1, 2]), "without bounds it goes on for ever");
    until(|| delivered(&healthy).len() >= 3).await;
    assert!(shop.queue().is_empty());
}

#[tokio::test]
async fn what_was_delivered_does_not_come_again_and_the_rest_does() {
    let (shop, emulator) = (Shop::in_file().await, Emulator::start(|_| succeeds()).await);
    let streams = shop.start(&emulator, mapping()).await;
    shop.write(0..3).await;
    until(|| delivered(&emulator).len() >= 3).await;
    let last = sequence_number_of(&emulator, 2);
    until(|| shop.checkpoint() == last).await;
    streams.stop().await;
    shop.write(3..5).await;
    let shop = shop.restarted().await;
    let _streams = shop.start(&emulator, mapping()).await;
    until(|| delivered(&emulator).len() >= 5).await;
    assert_eq!(delivered(&emulator), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn a_batch_under_way_comes_again_after_a_stop() {
    let shop = Shop::in_file().await;
    let (stuck, emulator) = (Emulator::start(|_| hangs()).await, Emulator::start(|_| succeeds()).await);
    shop.write(0..3).await;
    let streams = shop.start(&stuck, mapping()).await;
    until(|| delivered(&stuck).len() >= 3).await;
    streams.stop().await;
    let shop = shop.restarted().await;
    let _streams = shop.start(&emulator, mapping()).await;
    until(|| delivered(&emulator).len() >= 3).await;
    assert_eq!(delivered(&emulator), [0, 1, 2]);
}

#[tokio::test]
async fn what_a_batch_came_to_before_a_stop_is_kept() {
    let (shop, calls) = (Shop::in_file().await, AtomicUsize::new(0));
    let is_first = move || calls.fetch_add(1, Ordering::SeqCst) == 0;
    let slow = move |event: &Value| if is_first() { reports(records(event).get(1)) } else { hangs() };
    let (slow, emulator) = (Emulator::start(slow).await, Emulator::start(|_| succeeds()).await);
    let mapping = StreamMapping { reports_failures: true, ..mapping() };
    shop.write(0..3).await;
    let streams = shop.start(&slow, mapping.clone()).await;
    until(|| batches(&slow).len() >= 2).await;
    streams.stop().await;
    let _streams = shop.start(&emulator, mapping).await;
    until(|| !batches(&emulator).is_empty()).await;
    assert_eq!(batches(&emulator), [[1, 2]]);
}

/// The position is kept before the first record: from then on nothing that was
/// written is lost.
#[tokio::test]
async fn what_was_written_while_nothing_ran_is_delivered_from_the_latest_position_too() {
    let (shop, emulator) = (Shop::in_file().await, Emulator::start(|_| succeeds()).await);
    let latest = StreamMapping { starting_position: StartingPosition::Latest, ..mapping() };
    shop.write([0]).await;
    shop.start(&emulator, latest.clone()).await.stop().await;
    shop.write([1]).await;
    let _streams = shop.start(&emulator, latest).await;
    until(|| !batches(&emulator).is_empty()).await;
    assert_eq!(delivered(&emulator), [1]);
}

#[tokio::test]
async fn a_record_that_is_too_old_is_given_up_unsent() {
    let (shop, emulator) = (Shop::in_file().await, Emulator::start(|_| succeeds()).await);
    shop.write(0..2).await;
    shop.make_old();
    shop.write([2]).await;
    let fresh = StreamMapping { max_record_age: Some(Duration::from_mins(30)), ..mapping() };
    let _streams = shop.start(&emulator, fresh).await;
    until(|| !batches(&emulator).is_empty()).await;
    assert_eq!(batches(&emulator), [[2]]);
    let [message] = shop.queue().try_into().unwrap();
    assert_eq!(message["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(message["requestContext"]["approximateInvokeCount"], 0);
    assert_eq!(message["DDBStreamBatchInfo"]["batchSize"], 2);
    assert_eq!(message.get("responseContext"), None);
}

#[tokio::test]
async fn a_record_that_grows_too_old_is_not_tried_for_ever() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| fails()).await);
    let fresh = StreamMapping { max_record_age: Some(Duration::from_secs(2)), ..mapping() };
    let _streams = shop.start(&emulator, fresh).await;
    shop.write([0]).await;
    until(|| !shop.queue().is_empty()).await;
    assert_eq!(shop.queue()[0]["requestContext"]["condition"], "RecordAgeExceeded");
}

#[tokio::test]
async fn an_invocation_out_of_time_is_a_failure() {
    let (shop, calls) = (Shop::in_memory().await, AtomicUsize::new(0));
    let is_first = move || calls.fetch_add(1, Ordering::SeqCst) == 0;
    let emulator = Emulator::start(move |_| if is_first() { hangs() } else { succeeds() }).await;
    let slow = Backend { deadline: Duration::from_secs(1), ..function("reader") };
    let _streams = shop.start_with(&emulator, [(mapping(), slow.clone())]).await.unwrap();
    shop.write([0]).await;
    timeout(FOREVER, slow.out_of_time.notified()).await.expect("its process is replaced");
    until(|| delivered(&emulator).len() >= 2).await;
    assert!(delivered(&emulator).iter().all(|&number| number == 0));
}

/// A function under the real supervisor, which lives while the file is there.
struct Mortal {
    supervisor: Supervisor,
    folder: TempDir,
}

impl Mortal {
    fn start(is_alive: bool) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("reader");
        let life = folder.path().join("life");
        if is_alive {
            std::fs::write(&life, "").unwrap();
        }
        let script = format!("#!/bin/sh\n[ -e {} ] || exit 1\nexec sleep 600\n", life.display());
        std::fs::write(&binary, script).unwrap();
        std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o700)).unwrap();
        let environment = Environment::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
        let log = folder.path().join("reader.log");
        Self { supervisor: Supervisor::start("reader", binary, environment, log).unwrap(), folder }
    }

    fn lives(&self) {
        std::fs::write(self.folder.path().join("life"), "").unwrap();
    }

    fn backend(&self) -> Backend {
        Backend {
            status: self.supervisor.status(),
            out_of_time: self.supervisor.killer(),
            ..function("reader")
        }
    }
}

#[tokio::test]
async fn a_function_that_does_not_start_costs_no_record_and_no_retry() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| succeeds()).await);
    let (mortal, strict) = (Mortal::start(false), StreamMapping { max_retries: Some(0), ..mapping() });
    let status = mortal.supervisor.status();
    until(|| status.now().failing).await;
    let _streams = shop.start_with(&emulator, [(strict, mortal.backend())]).await.unwrap();
    shop.write([0]).await;
    sleep(A_WHILE).await;
    mortal.lives();
    until(|| !batches(&emulator).is_empty() || !shop.queue().is_empty()).await;
    assert_eq!(delivered(&emulator), [0]);
    assert!(shop.queue().is_empty());
}

#[tokio::test]
async fn a_function_that_dies_over_a_batch_has_failed() {
    let (shop, emulator) = (Shop::in_memory().await, Emulator::start(|_| hangs()).await);
    let mortal = Mortal::start(true);
    let strict = StreamMapping { max_retries: Some(0), ..mapping() };
    let _streams = shop.start_with(&emulator, [(strict, mortal.backend())]).await.unwrap();
    shop.write([0]).await;
    until(|| !batches(&emulator).is_empty()).await;
    mortal.supervisor.killer().notify_one();
    until(|| !shop.queue().is_empty()).await;
    assert_eq!(shop.queue()[0]["responseContext"]["functionError"], "Unhandled");
}
