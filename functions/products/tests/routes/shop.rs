//! A shop of one test's own, and how a test speaks to it.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
pub(crate) use local::testing::{Answer, send};
use local::testing::{Database, Redis, Tokens, environment};
use monitoring::Monitoring;
use serde_json::{Value, json};

pub(crate) struct Shop {
    pub(crate) redis: Redis,
    pub(crate) tokens: Tokens,
    environment: BTreeMap<String, String>,
    router: Router,
    _database: Database,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let (database, redis, tokens) = (Database::memory().await, Redis::start().await, Tokens::new());
        let environment = environment(&database, Some(&redis), &tokens);
        let router = router(&environment);
        Self { redis, tokens, environment, router, _database: database }
    }

    /// Another process of the same function: its own L1 and connections.
    pub(crate) fn another_process(&self) -> Router {
        router(&self.environment)
    }

    /// A process with other settings.
    pub(crate) fn process_with(&self, settings: &[(&str, &str)]) -> Router {
        let mut environment = self.environment.clone();
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        router(&environment)
    }

    pub(crate) fn editor(&self) -> String {
        self.tokens.mint("ed", "catalog:write")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// A write by someone who may, with extra headers.
    pub(crate) async fn write(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {}", self.editor()));
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body).expect("a request")).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.router, request).await
    }

    /// A product of that name in that category, at 2.55 pounds.
    pub(crate) async fn stock(&self, id: &str, name: &str, category: &str) -> Answer {
        let product = json!({"id": id, "name": name, "category": category, "price": pounds(255)});
        let answer = self.write("POST", "/api/products", &[], &product).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer
    }

    pub(crate) async fn adjust(&self, id: &str, delta: i64, key: &str) -> Answer {
        let path = format!("/api/products/{id}/inventory/adjustments");
        let body = json!({"delta": delta, "reason": "count"});
        self.write("POST", &path, &[("idempotency-key", key)], &body).await
    }

    /// Every id of a list, walked by its cursor.
    pub(crate) async fn walk(&self, list: &str, limit: usize) -> Vec<String> {
        let separator = if list.contains('?') { '&' } else { '?' };
        let mut path = format!("{list}{separator}limit={limit}");
        let mut ids = Vec::new();
        loop {
            let page = self.get(&path).await;
            assert_eq!(page.status, 200, "{}", page.text);
            assert!(page.ids().len() <= limit);
            ids.extend(page.ids());
            let Some(cursor) = page.body["next_cursor"].as_str() else { return ids };
            path = format!("{list}{separator}limit={limit}&cursor={cursor}");
        }
    }
}

pub(crate) fn pounds(pence: i64) -> Value {
    json!({"amount": pence, "currency": "GBP"})
}

fn router(environment: &BTreeMap<String, String>) -> Router {
    let variable = |name: &str| environment.get(name).cloned();
    products::router(&variable, &Monitoring::default()).expect("the environment is complete")
}
