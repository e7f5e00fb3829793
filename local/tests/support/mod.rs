//! A running shop for end-to-end tests.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use local::stack::{Options, Stack};
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
        let state = tempfile::tempdir().unwrap();
        let stack = Stack::start(Options::for_tests(state.path()), |_| {}).await.unwrap();
        let token = stack.token("alice", "catalog:write", Duration::from_hours(1)).unwrap();
        Self { stack, client: client(), token, _state: state }
    }

    pub(crate) async fn close(self) {
        self.stack.stop().await;
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
