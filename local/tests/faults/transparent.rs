//! Nothing is changed by a proxy that nobody told to.

use std::time::Duration;

use axum::extract::Request;
use http::HeaderMap;
use local::faults::{Counts, Fault, Proxy};
use local::project::Project;
use local::template::TABLE_NAME;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Table, key};

/// Another for each answer.
const OWN: [&str; 2] = ["date", "x-amzn-requestid"];

async fn send(endpoint: &str, method: Method, operation: &str, body: String) -> Response {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .request(method, endpoint)
        .header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=a/20000101/b/dynamodb/aws4_request, \
             SignedHeaders=host, Signature=0",
        )
        .header("x-amz-date", "20000101T000000Z")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .body(body)
        .send()
        .await
        .unwrap()
}

fn shared(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in OWN {
        headers.remove(name).expect("every answer has it");
    }
    headers
}

#[tokio::test]
async fn answers_are_the_servers_to_the_byte() {
    let table = Table::new().await;
    let item = json!({"pk": {"S": "P"}, "sk": {"S": "ü"}, "text": {"S": "x".repeat(100_000)}});
    let put = json!({"TableName": TABLE_NAME, "Item": item}).to_string();
    let key = json!({"pk": {"S": "P"}, "sk": {"S": "ü"}});
    // One attribute, because the server shuffles them.
    let get = json!({"TableName": TABLE_NAME, "Key": key, "ProjectionExpression": "sk"}).to_string();
    for (method, operation, body) in [
        (Method::POST, "PutItem", put),
        (Method::POST, "GetItem", get.clone()),
        (Method::POST, "PutItem", get),
        (Method::POST, "GetItem", "no JSON".into()),
        (Method::POST, "NoSuchOperation", "{}".into()),
        (Method::GET, "", String::new()),
        (Method::DELETE, "", String::new()),
    ] {
        let past =
            send(&table.database.endpoint_past_faults(), method.clone(), operation, body.clone()).await;
        let through = send(&table.database.endpoint(), method, operation, body).await;
        assert_eq!(through.status(), past.status(), "{operation}");
        assert_eq!(shared(through.headers()), shared(past.headers()), "{operation}");
        assert_eq!(through.bytes().await.unwrap(), past.bytes().await.unwrap(), "{operation}");
    }
}

/// Says what has come.
async fn echo(request: Request) -> String {
    let (mut parts, body) = request.into_parts();
    parts.headers.remove("host").expect("a client names the host");
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    format!("{} {} {:?} {body:?}", parts.method, parts.uri, parts.headers)
}

#[tokio::test]
async fn requests_arrive_as_they_were_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let past = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(echo)).into_future());
    let table = Project::find().unwrap().template().unwrap().table().unwrap();
    let proxy = Proxy::start(&past, &table).await.unwrap();
    for (method, operation, body) in
        [(Method::POST, "PutItem", "{ \"any\": \"ü\" }"), (Method::GET, "", ""), (Method::POST, "", "\n")]
    {
        let past = send(&format!("{past}/a?b=c"), method.clone(), operation, body.into()).await;
        let through = send(&format!("{}/a?b=c", proxy.endpoint()), method, operation, body.into()).await;
        assert_eq!(through.text().await.unwrap(), past.text().await.unwrap());
    }
    proxy.stop().await;
}

#[tokio::test]
async fn calls_are_counted_and_recorded_when_asked() {
    let table = Table::new().await;
    let get = || table.client.get_item().table_name(TABLE_NAME).set_key(Some(key("a"))).send();
    get().await.unwrap();
    table.faults.start_recording();
    table.faults.inject(Fault::LostReply.on("GetItem").next(1));
    get().await.unwrap_err();
    get().await.unwrap();
    let recorded = table.faults.stop_recording();
    let responses: Vec<_> = recorded.iter().map(|it| it.response.clone().map(|(_, body)| body)).collect();
    assert_eq!(responses, [None, Some("{}".into())]);
    let request: Value = serde_json::from_slice(&recorded[0].request).unwrap();
    assert_eq!(request["Key"]["sk"]["S"], "a");
    get().await.unwrap();
    assert_eq!(table.faults.stop_recording(), []);
    let expected = Counts {
        calls: [("GetItem".to_owned(), 4)].into(),
        injected: [("LostReply", 1)].into(),
        conflicts: 0,
        most_in_flight: 1,
    };
    assert_eq!(table.faults.counts(), expected);
}

#[tokio::test]
async fn the_most_calls_at_once_are_counted() {
    let table = Table::new().await;
    table.faults.inject(Fault::Delay(Duration::from_millis(300)).on("GetItem"));
    let get = |_| table.client.get_item().table_name(TABLE_NAME).set_key(Some(key("a"))).send();
    futures::future::join_all((0..7).map(get)).await;
    assert_eq!(table.faults.counts().most_in_flight, 7);
}

#[tokio::test]
async fn a_cleared_proxy_is_transparent_again() {
    let table = Table::new().await;
    table.faults.inject(Fault::ErrorBefore.on_any());
    let get = || table.client.get_item().table_name(TABLE_NAME).set_key(Some(key("a"))).send();
    get().await.unwrap_err();
    table.faults.clear();
    get().await.unwrap();
}

#[tokio::test]
async fn the_same_seed_strikes_the_same_calls() {
    let table = Table::new().await;
    table.faults.inject(Fault::Throttled.on("GetItem").with_probability(0.5));
    let mut runs = Vec::new();
    for _ in 0..2 {
        table.faults.reseed(7);
        let mut struck = Vec::new();
        for _ in 0..20 {
            let get = table.client.get_item().table_name(TABLE_NAME).set_key(Some(key("a")));
            struck.push(get.send().await.is_err());
        }
        runs.push(struck);
    }
    assert_eq!(runs[0], runs[1], "seed {}", table.faults.seed());
    assert!(runs[0].contains(&true) && runs[0].contains(&false));
}
