//! A shop of one test's own, and how a test speaks to it.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
pub(crate) use local::testing::{Answer, send};
use local::testing::{Database, Redis, Tokens, environment};
use monitoring::Monitoring;
use serde_json::{Value, json};

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

    /// The same user on a process with other settings.
    pub(crate) fn with(&self, settings: &[(&str, &str)], name: &str) -> User {
        let mut environment = self.environment.clone();
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        User { router: router(&environment), ..self.user(name) }
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

/// What a user of this name says of herself.
pub(crate) fn named(name: &str) -> Value {
    json!({"name": name, "email": "someone@example.com"})
}

fn router(environment: &BTreeMap<String, String>) -> Router {
    let variable = |name: &str| environment.get(name).cloned();
    users::router(&variable, &Monitoring::default()).expect("the environment is complete")
}
