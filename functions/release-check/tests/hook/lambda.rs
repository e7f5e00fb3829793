//! A stand-in for Lambda's Invoke API that always says the same, and keeps what it was
//! asked for.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;

pub(crate) struct Lambda {
    port: u16,
    script: Script,
}

#[derive(Clone)]
struct Script {
    answer: Arc<str>,
    has_failed: bool,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Lambda {
    pub(crate) async fn answering(answer: &Value, has_failed: bool) -> Self {
        let script = Script { answer: answer.to_string().into(), has_failed, asked: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let service = Router::new().fallback(invoked).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { port, script }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Path and query of each invocation.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.script.asked.lock().expect("never poisoned").clone()
    }
}

async fn invoked(State(script): State<Script>, uri: Uri) -> Response {
    script.asked.lock().expect("never poisoned").push(uri.to_string());
    let mut headers = HeaderMap::new();
    if script.has_failed {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    (headers, script.answer.to_string()).into_response()
}
