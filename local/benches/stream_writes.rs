//! Does a long stream slow the embedded DynamoDB's writes? Items a second, in
//! transactions of 15, on an empty stream and after 51,000 records; the ratio is
//! what to look at. Without our index it is far below one.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use anyhow::{Result, ensure};
use local::dynamodb::DynamoDb;
use local::project::Project;
use local::template::TABLE_NAME;
use serde_json::{Value, json};

const ITEMS: usize = 15;

#[tokio::main]
async fn main() -> Result<()> {
    let table = Project::find()?.template()?.table()?;
    let server = DynamoDb::in_memory(TABLE_NAME, &table).await?;
    let first = writes(&server, 0, 100).await?;
    writes(&server, 100, 3_300).await?;
    let last = writes(&server, 3_400, 100).await?;
    println!("{first} items/s on an empty stream, {last} after 51,000 records: {} %", 100 * last / first);
    server.stop().await;
    Ok(())
}

/// Items written a second.
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
    Ok((ITEMS * transactions) as u64 * 1_000_000 / micros)
}

fn put(partition: usize, sort: usize) -> Value {
    let item = json!({
        "pk": {"S": format!("P#{partition}")},
        "sk": {"S": format!("S#{sort}")},
        "text": {"S": "x".repeat(200)},
    });
    json!({"Put": {"TableName": TABLE_NAME, "Item": item}})
}
