//! A router's answer to a request, in process.

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// An answer, its body read.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub text: String,
    /// The body as JSON, or null if it is none.
    pub body: Value,
}

/// Sends a request to a function's router.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("a router answers every request");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("the body is in memory").to_bytes();
    let text = String::from_utf8(bytes.to_vec()).expect("answers are UTF-8");
    let body = serde_json::from_str(&text).unwrap_or_default();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text, body }
}

impl Answer {
    /// The id of what it shows.
    pub fn id(&self) -> &str {
        self.body["id"].as_str().expect("what it shows has an id")
    }

    /// The ids of what a page shows.
    pub fn ids(&self) -> Vec<String> {
        let items = self.body["items"].as_array().expect("a page has items");
        items.iter().map(|item| item["id"].as_str().expect("each has an id").to_owned()).collect()
    }

    /// Holds the answer to be a problem of this status (RFC 9457), and returns
    /// its errors' pointers.
    pub fn problem(&self, status: u16) -> Vec<String> {
        self.errors(status).map(|error| text(&error["pointer"]).to_owned()).collect()
    }

    /// The same, and returns its errors as "pointer: detail".
    pub fn problem_in_words(&self, status: u16) -> Vec<String> {
        self.errors(status)
            .map(|error| format!("{}: {}", text(&error["pointer"]), text(&error["detail"])))
            .collect()
    }

    fn errors(&self, status: u16) -> impl Iterator<Item = &Value> {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        for field in ["type", "title", "detail", "instance", "request_id"] {
            assert!(self.body[field].is_string(), "{field} in {}", self.text);
        }
        self.body["errors"].as_array().into_iter().flatten()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("pointers and details are text")
}
