//! The embedded DynamoDB: its table is template.yaml's, a file survives the
//! server, and a long stream does not slow its writes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use local::{
    dynamodb::DynamoDb,
    project::Project,
    template::{TABLE_NAME, Table},
};
use serde_json::{Value, json};

fn table() -> Table {
    Project::find().unwrap().template().unwrap().table().unwrap()
}

/// One call of DynamoDB's protocol.
async fn call(server: &DynamoDb, operation: &str, mut request: Value) -> Value {
    request["TableName"] = TABLE_NAME.into();
    send(server, operation, &request).await
}

async fn send(server: &DynamoDb, operation: &str, request: &Value) -> Value {
    let response = reqwest::Client::new()
        .post(server.endpoint())
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=a/20000101/b/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0",
        )
        .header("x-amz-date", "20000101T000000Z")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .body(request.to_string())
        .send()
        .await
        .unwrap();
    let status = response.status();
    let answer: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{operation}: {answer}");
    answer
}

fn item(partition: usize, sort: usize) -> Value {
    json!({
        "pk": {"S": format!("P#{partition}")},
        "sk": {"S": format!("S#{sort}")},
        "text": {"S": "x".repeat(200)},
    })
}

/// Items written a second, in transactions of 15.
async fn writes(server: &DynamoDb, from: usize, transactions: usize) -> u64 {
    let started = Instant::now();
    for partition in from..from + transactions {
        let puts: Vec<Value> = (0..15)
            .map(|sort| json!({"Put": {"TableName": TABLE_NAME, "Item": item(partition, sort)}}))
            .collect();
        send(server, "TransactWriteItems", &json!({"TransactItems": puts})).await;
    }
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap();
    15 * transactions as u64 * 1_000_000 / micros
}

#[tokio::test]
async fn the_table_is_the_templates() {
    let server = DynamoDb::in_memory(TABLE_NAME, &table()).await.unwrap();
    let described = &call(&server, "DescribeTable", json!({})).await["Table"];
    assert_eq!(described["TableStatus"], "ACTIVE");
    assert_eq!(described["GlobalSecondaryIndexes"][0]["IndexName"], "sparse");
    assert_eq!(described["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
    let lifetime = call(&server, "DescribeTimeToLive", json!({})).await;
    assert_eq!(lifetime["TimeToLiveDescription"]["AttributeName"], "expires_at");
    server.stop().await;
}

#[tokio::test]
async fn a_file_survives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dynamodb.sqlite");
    let first = DynamoDb::in_file(&file, TABLE_NAME, &table()).await.unwrap();
    call(&first, "PutItem", json!({"Item": item(1, 1)})).await;
    first.stop().await;
    let second = DynamoDb::in_file(&file, TABLE_NAME, &table()).await.unwrap();
    let mut key = item(1, 1);
    key.as_object_mut().unwrap().remove("text");
    let found = call(&second, "GetItem", json!({"Key": key})).await;
    assert_eq!(found["Item"], item(1, 1));
    second.stop().await;
}

#[tokio::test]
async fn two_databases_in_memory_share_nothing() {
    let table = table();
    let (one, other) =
        tokio::join!(DynamoDb::in_memory(TABLE_NAME, &table), DynamoDb::in_memory(TABLE_NAME, &table));
    let (one, other) = (one.unwrap(), other.unwrap());
    call(&one, "PutItem", json!({"Item": item(1, 1)})).await;
    let scanned = call(&other, "Scan", json!({})).await;
    assert_eq!(scanned["Count"], 0);
}

/// Without the index a write scans the stream's records: here 4,500 of them,
/// enough for a ratio of six.
#[tokio::test]
async fn a_long_stream_does_not_slow_writes() {
    let server = DynamoDb::in_memory(TABLE_NAME, &table()).await.unwrap();
    let early = writes(&server, 0, 20).await;
    writes(&server, 20, 260).await;
    let late = writes(&server, 280, 20).await;
    assert!(2 * late > early, "{early}/s at first, {late}/s at the end");
    server.stop().await;
}

/// The figure for the notes: `cargo test --release … -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement, not a check"]
async fn writes_with_fifty_thousand_stream_records() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dynamodb.sqlite");
    let memory = DynamoDb::in_memory(TABLE_NAME, &table()).await.unwrap();
    let in_file = DynamoDb::in_file(&file, TABLE_NAME, &table()).await.unwrap();
    for (name, server) in [("memory", memory), ("file", in_file)] {
        let first = writes(&server, 0, 100).await;
        writes(&server, 100, 3_300).await;
        let last = writes(&server, 3_400, 100).await;
        eprintln!("{name}: {first} items/s empty, {last} items/s after 51,000 records");
        tokio::time::timeout(Duration::from_secs(5), server.stop()).await.unwrap();
    }
}
