//! The embedded DynamoDB: its table is template.yaml's, a file survives the
//! server, and its stream has the index that writes need.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

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
async fn a_successor_has_what_the_server_before_it_was_given() {
    let first = DynamoDb::in_memory(TABLE_NAME, &table().without_stream()).await.unwrap();
    call(&first, "PutItem", json!({"Item": item(1, 1)})).await;
    let second = first.successor().unwrap();
    first.stop().await;
    let scanned = call(&second, "Scan", json!({})).await;
    assert_eq!(scanned["Items"], json!([item(1, 1)]));
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

/// The look-up is dynoxide's own; `make bench` shows that it is the one.
#[tokio::test]
async fn the_next_number_of_a_stream_is_looked_up_by_index() {
    const LOOK_UP: &str = "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1
        FROM _stream_records WHERE table_name = 'storefront'";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dynamodb.sqlite");
    let server = DynamoDb::in_file(&file, TABLE_NAME, &table()).await.unwrap();
    let plan = rusqlite::Connection::open(&file).unwrap();
    let plan: String = plan.query_row(LOOK_UP, [], |row| row.get("detail")).unwrap();
    assert!(plan.contains("storefront_stream_sequence"), "{plan}");
    server.stop().await;
}
