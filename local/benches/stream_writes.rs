//! Does a long stream slow the embedded DynamoDB's writes? Microseconds an item, in
//! transactions of 15, after 51,000 records and on an empty stream; the ratio is
//! what to look at. Without our index it is far above one.
#![expect(clippy::print_stdout, reason = "a benchmark prints its row")]

use std::time::Instant;

use anyhow::{Result, ensure};
use local::dynamodb::DynamoDb;
use local::project::Project;
use local::template::TABLE_NAME;
use serde_json::{Value, json};

const ITEMS: usize = 15;
/// The halves are measured a minute apart, so this leaves room for a busy machine.
const LIMIT: f64 = 2.0;

#[tokio::main]
async fn main() -> Result<()> {
    let table = Project::find()?.template()?.table()?;
    let server = DynamoDb::in_memory(TABLE_NAME, &table).await?;
    let first = writes(&server, 0, 100).await?;
    writes(&server, 100, 3_300).await?;
    let last = writes(&server, 3_400, 100).await?;
    let name = "write after 51,000 records, µs an item, beside an empty stream";
    println!("{}", json!({"name": name, "ours": last, "other": first, "limit": LIMIT}));
    server.stop().await;
    Ok(())
}

/// Microseconds an item.
async fn writes(server: &DynamoDb, from: usize, transactions: usize) -> Result<u64> {
    let (client, started) = (reqwest::Client::new(), Instant::now());
    for partition in from..from + transactions {
        let puts: Vec<Value> = (0..ITEMS).map(|sort| put(partition, sort)).collect();
        let request = client
            .post(server.endpoint())
            .header("authorization", "AWS4-HMAC-SHA256 Credential=a/20000101/b/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
            .header("x-amz-date", "20000101T000000Z")
            .header("x-amz-target", "DynamoDB_20120810.TransactWriteItems")
            .header("content-type", "application/x-amz-json-1.0");
        let answer = request.body(json!({"TransactItems": puts}).to_string()).send().await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
    }
    let micros = u64::try_from(started.elapsed().as_micros())?;
    Ok(micros / (ITEMS * transactions) as u64)
}

fn put(partition: usize, sort: usize) -> Value {
    let item = json!({
        "pk": {"S": format!("P#{partition}")},
        "sk": {"S": format!("S#{sort}")},
        "text": {"S": "x".repeat(200)},
    });
    json!({"Put": {"TableName": TABLE_NAME, "Item": item}})
}
