//! A shop of one test's own, and how a test speaks to it.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use local::testing::{Database, Redis, Tokens, environment};
use monitoring::AfterResponse;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The only route.
pub(crate) const ME: &str = "/api/users/me";

pub(crate) struct Shop {
    pub(crate) redis: Redis,
    pub(crate) tokens: Tokens,
    environment: BTreeMap<String, String>,
    router: Router,
    _database: Database,
}

/// A function's process as one user sees it.
pub(crate) struct User {
    token: String,
    router: Router,
}

/// An answer, its body read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let (database, redis, tokens) = (Database::memory().await, Redis::start().await, Tokens::new());
        let environment = environment(&database, Some(&redis), &tokens);
        let router = router(&environment);
        Self { redis, tokens, environment, router, _database: database }
    }

    pub(crate) fn user(&self, name: &str) -> User {
        User { token: self.tokens.mint(name, ""), router: self.router.clone() }
    }

    /// The same user on another process of the function: with its own
    /// connections, and nothing in memory.
    pub(crate) fn in_another_process(&self, name: &str) -> User {
        User { router: router(&self.environment), ..self.user(name) }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }
}

impl User {
    pub(crate) async fn get(&self) -> Answer {
        send(&self.router, self.request("GET").body(Body::empty()).expect("a request")).await
    }

    /// A first profile.
    pub(crate) async fn create(&self, body: &Value) -> Answer {
        self.write(self.request("PUT"), body).await
    }

    /// A change of a profile that was seen at this version.
    pub(crate) async fn edit(&self, seen: &str, body: &Value) -> Answer {
        self.write(self.request("PUT").header("if-match", seen), body).await
    }

    /// A request in the user's name.
    pub(crate) fn request(&self, method: &str) -> Builder {
        let request = Request::builder().method(method).uri(ME);
        request.header("authorization", format!("Bearer {}", self.token))
    }

    async fn write(&self, request: Builder, body: &Value) -> Answer {
        let request = request.header("content-type", "application/json");
        send(&self.router, request.body(Body::from(body.to_string())).expect("a request")).await
    }
}

impl Answer {
    /// Holds the answer to be a problem of this status; returns its errors' pointers.
    pub(crate) fn problem(&self, status: u16) -> Vec<String> {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        for field in ["type", "title", "detail", "instance", "request_id"] {
            assert!(self.body[field].is_string(), "{field} in {}", self.text);
        }
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().expect("a pointer").to_owned()).collect()
    }
}

/// What a user of this name says of herself.
pub(crate) fn named(name: &str) -> Value {
    json!({"name": name, "email": "someone@example.com"})
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let body = serde_json::from_str(&text).unwrap_or_default();
    Answer { status: parts.status.as_u16(), headers: parts.headers, text, body }
}

fn router(environment: &BTreeMap<String, String>) -> Router {
    let variable = |name: &str| environment.get(name).cloned();
    users::router(&variable, &AfterResponse::default()).expect("the environment is complete")
}
