//! A running shop for end-to-end tests.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use local::provider::Event;
use local::stack::{Options, Stack};
use local::template::{REGION, TABLE_NAME};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Longer than the gate lets anyone wait: an error is a hang.
const ANSWER_WITHIN: Duration = Duration::from_secs(40);

/// A stack of one test's own, and a caller who may write.
pub(crate) struct Shop {
    pub(crate) stack: Stack,
    pub(crate) client: Client,
    token: String,
    _state: TempDir,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::start(false).await
    }

    /// In which functions hear of what is written to the table.
    pub(crate) async fn open_with_streams() -> Self {
        Self::start(true).await
    }

    async fn start(streams: bool) -> Self {
        let state = tempfile::tempdir().unwrap();
        let options = Options { streams, ..Options::for_tests(state.path()) };
        let stack = Stack::start(options, |_| {}).await.unwrap();
        let token = stack.token("alice", "catalog:write", Duration::from_hours(1)).unwrap();
        Self { stack, client: client(), token, _state: state }
    }

    pub(crate) async fn close(self) {
        self.stack.stop().await;
    }

    /// Closes it, and gives what its functions have logged, each line with the function's name.
    pub(crate) async fn close_for_logs(self) -> Vec<(String, String)> {
        let folder = self.stack.logs();
        self.stack.stop().await;
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let lines = files.flat_map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
            text.lines().map(|line| (name.clone(), line.to_owned())).collect::<Vec<_>>()
        });
        lines.collect()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.stack.url())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    pub(crate) async fn create(&self, name: &str) -> Value {
        let product = json!({
            "name": name, "category": "kitchen", "price": {"amount": 1_250, "currency": "GBP"},
        });
        let response = self.request(Method::POST, "/api/products").json(&product).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        response.json().await.unwrap()
    }

    /// The id of a product with so many pieces.
    pub(crate) async fn stocked(&self, name: &str, pieces: i64) -> String {
        let id = self.create(name).await["id"].as_str().unwrap().to_owned();
        let adjust = self.request(Method::POST, &format!("/api/products/{id}/inventory/adjustments"));
        let adjust =
            adjust.header("idempotency-key", &id).json(&json!({"delta": pieces, "reason": "delivery"}));
        assert_eq!(adjust.send().await.unwrap().status(), StatusCode::OK);
        id
    }

    /// Waits until the catalogue shows so many pieces: its process may know an
    /// older number for a second.
    pub(crate) async fn shows_available(&self, id: &str, pieces: i64) {
        let path = format!("/api/products/{id}/inventory");
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.json(&path).await["available"] != pieces {
            assert!(Instant::now() < deadline, "{} are shown", self.json(&path).await["available"]);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    pub(crate) async fn order(&self, key: &str, body: &Value) -> Value {
        let order = self.request(Method::POST, "/api/orders").header("idempotency-key", key).json(body);
        let response = order.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        response.json().await.unwrap()
    }

    /// Every item of the table.
    pub(crate) async fn items(&self) -> Vec<HashMap<String, AttributeValue>> {
        let mut items = Vec::new();
        let mut pages =
            dynamodb(&self.stack.dynamodb()).scan().table_name(TABLE_NAME).into_paginator().send();
        while let Some(page) = pages.next().await {
            items.extend(page.unwrap().items.unwrap_or_default());
        }
        items
    }

    /// Takes a partition out of the table.
    pub(crate) async fn take_away(&self, partition: &str) -> Vec<HashMap<String, AttributeValue>> {
        let (table, mut items) = (dynamodb(&self.stack.dynamodb()), self.items().await);
        items.retain(|item| item["pk"].as_s().unwrap() == partition);
        for item in &items {
            let delete = table.delete_item().table_name(TABLE_NAME);
            delete.key("pk", item["pk"].clone()).key("sk", item["sk"].clone()).send().await.unwrap();
        }
        items
    }

    /// Puts items into the table as they are.
    pub(crate) async fn put_back(&self, items: Vec<HashMap<String, AttributeValue>>) {
        let table = dynamodb(&self.stack.dynamodb());
        for item in items {
            table.put_item().table_name(TABLE_NAME).set_item(Some(item)).send().await.unwrap();
        }
    }

    /// Moves an undecided event's arrival into the past, in the table itself: the
    /// sweep leaves what is new to the stream.
    pub(crate) async fn make_older(&self, event: &Event) {
        let update = dynamodb(&self.stack.dynamodb()).update_item().table_name(TABLE_NAME);
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update =
            update.key("pk", text(&format!("WEBHOOK#stripe#{}", event.id()))).key("sk", text("EVENT"));
        let update = update.update_expression("SET sparse_sk = :place");
        let place = format!("001577836800000#stripe/{}", event.id());
        update.expression_attribute_values(":place", text(&place)).send().await.unwrap();
    }

    /// Moves an order's time to pay into the past, in the table itself.
    pub(crate) async fn make_due(&self, order: &Value) {
        let table = dynamodb(&self.stack.dynamodb());
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let id = order["id"].as_str().unwrap();
        let update = table.update_item().table_name(TABLE_NAME);
        let update = update.key("pk", text(&format!("ORDER#{id}"))).key("sk", text("ORDER"));
        let update = update.update_expression("SET pay_by = :then, sparse_sk = :place");
        let update = update.expression_attribute_values(":then", text("2020-01-01T00:00:00Z"));
        let place = format!("001577836800000#{id}");
        update.expression_attribute_values(":place", text(&place)).send().await.unwrap();
    }

    /// So many callers, each on a connection of its own, ask again and again.
    /// Counts the answers by status; 0 stands for none.
    pub(crate) fn load(
        &self,
        callers: usize,
        time: Duration,
        path: &str,
    ) -> impl Future<Output = BTreeMap<u16, usize>> + use<> {
        let (url, end) = (self.url(path), Instant::now() + time);
        let tasks: Vec<_> = (0..callers).map(|_| tokio::spawn(ask_until(end, url.clone()))).collect();
        async move {
            let mut counts = BTreeMap::new();
            for status in join_all(tasks).await.into_iter().flat_map(Result::unwrap) {
                *counts.entry(status).or_default() += 1;
            }
            counts
        }
    }
}

/// A caller of the table who asks no function.
fn dynamodb(endpoint: &str) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

async fn ask_until(end: Instant, url: String) -> Vec<u16> {
    let (client, mut statuses) = (client(), Vec::new());
    while Instant::now() < end {
        let answer = client.get(&url).send().await;
        statuses.push(answer.map_or(0, |answer| answer.status().as_u16()));
    }
    statuses
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(ANSWER_WITHIN).build().unwrap()
}

/// Whether the cache holds anything.
pub(crate) async fn is_cached(cache: &str) -> bool {
    let address = cache.trim_start_matches("redis://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"DBSIZE\r\nQUIT\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    !answer.starts_with(":0\r")
}

/// What the system says of a process; nothing of one that is gone.
pub(crate) fn status_of(process: i32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{process}/status")).ok()
}
