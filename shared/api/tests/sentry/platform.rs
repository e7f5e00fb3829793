//! A Lambda Runtime API for one function, which knows when each answer came.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Longer than a slow machine takes for anything here.
pub(crate) const AT_LAST: Duration = Duration::from_mins(1);
/// The trace of every invocation, as X-Ray has it and as Sentry does.
pub(crate) const XRAY: &str = "1-6912f0c3-5f84a1e07c3b29d6e8f01a23";
pub(crate) const TRACE: &str = "6912f0c35f84a1e07c3b29d6e8f01a23";

/// What a function said, and when.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) at: Instant,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn status(&self) -> u64 {
        self.body["statusCode"].as_u64().unwrap_or_default()
    }
}

pub(crate) struct Platform {
    pub(crate) address: SocketAddr,
    invocations: mpsc::UnboundedSender<(String, Value)>,
    state: Shared,
}

type Shared = Arc<Inner>;

struct Inner {
    pending: tokio::sync::Mutex<mpsc::UnboundedReceiver<(String, Value)>>,
    callers: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (invocations, pending) = mpsc::unbounded_channel();
        let state = Arc::new(Inner { pending: pending.into(), callers: Mutex::default() });
        let address = listener.local_addr().unwrap();
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(answered))
            .with_state(Arc::clone(&state));
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { address, invocations, state }
    }

    /// Has the function answer a payload.
    pub(crate) async fn invoke(&self, id: &str, payload: Value) -> Answer {
        let (caller, answer) = oneshot::channel();
        self.state.callers.lock().unwrap().insert(id.to_owned(), caller);
        self.invocations.send((id.to_owned(), payload)).unwrap();
        timeout(AT_LAST, answer).await.expect("the function answers").unwrap()
    }
}

async fn next(State(state): State<Shared>) -> impl IntoResponse {
    let (id, payload) = state.pending.lock().await.recv().await.expect("the platform outlives the function");
    let end = SystemTime::now() + AT_LAST;
    let end = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", end.to_string()),
        ("lambda-runtime-trace-id", format!("Root={XRAY};Parent=53995c3f42cd8ad8;Sampled=1")),
    ];
    (headers, payload.to_string())
}

async fn answered(State(state): State<Shared>, Path(id): Path<String>, body: String) -> StatusCode {
    let answer = Answer { at: Instant::now(), body: serde_json::from_str(&body).unwrap() };
    let caller = state.callers.lock().unwrap().remove(&id);
    let _ = caller.unwrap().send(answer);
    StatusCode::ACCEPTED
}

/// A request, as the gateway hands it to a function, of somebody who says too much.
pub(crate) fn request(method: &str, path: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "token=planted-query",
        "cookies": ["session=planted-cookie"],
        "headers": {
            "authorization": "Bearer planted-token",
            "content-type": "application/json",
            "host": "api.example",
            "user-agent": "planted-agent",
            "x-forwarded-for": "203.0.113.7",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "planted-agent",
            },
            "requestId": "gateway",
            "routeKey": "$default",
            "stage": "$default",
            "time": "11/Nov/2026:08:15:30 +0000",
            "timeEpoch": 1_794_384_930_123_u64,
        },
        "body": "{\"email\":\"planted-body@example.com\"}",
        "isBase64Encoded": false,
    })
}
