//! The one user that the template lets into the cache, who may do what the functions ask of it:
//! whatever is refused to it stands in the server's own log.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use cache::redis::{Client, Connection, Value as Answer, cmd};
use http::Request;
use local::project::Project;
use local::testing::shop::{Shop, stream_record};
use local::testing::{Tokens, send};
use monitoring::{Count, Monitoring};
use serde_json::{Value, json};

const NAME: &str = "storefront";
const PASSWORD: &str = "instead-of-a-token";

/// `AccessString` of the template's user.
fn rights() -> String {
    let text = std::fs::read_to_string(Project::find().unwrap().root().join("template.yaml")).unwrap();
    let template: serde_norway::Value = serde_norway::from_str(&text).unwrap();
    template["Resources"]["CacheUser"]["Properties"]["AccessString"].as_str().unwrap().to_owned()
}

/// A cache that lets this user in, and nobody else.
fn let_in(url: &str, rights: &str) -> (String, Connection) {
    let mut admin = Client::open(url).unwrap().get_connection().unwrap();
    let user = cmd("ACL").arg("SETUSER").arg(NAME).arg(format!(">{PASSWORD}")).clone();
    rights.split(' ').fold(user, |mut user, right| user.arg(right).clone()).exec(&mut admin).unwrap();
    (url.replace("redis://", &format!("redis://{NAME}:{PASSWORD}@")), admin)
}

/// Everything that asks the cache for something, in one process.
struct Functions {
    environment: BTreeMap<String, String>,
    monitoring: Monitoring,
    tokens: Tokens,
}

impl Functions {
    async fn send(&self, router: &Router, method: &str, path: &str, body: Value) {
        let token = self.tokens.mint("ann", "catalog:write");
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {token}"));
        request = request.header("content-type", "application/json");
        if path.ends_with("/pricing") {
            request = request.header("if-match", "\"1\"");
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let answer = send(router, request.body(body).unwrap()).await;
        assert!(answer.status < 400, "{method} {path}: {}", answer.text);
    }

    async fn serve(&self) {
        let variable = |name: &str| self.environment.get(name).cloned();
        let products = products::router(&variable, &self.monitoring).unwrap();
        self.send(&products, "GET", "/api/products/mug", Value::Null).await;
        self.send(&products, "GET", "/api/products/search?q=mug", Value::Null).await;
        let price = json!({"price": {"amount": 240, "currency": "GBP"}});
        self.send(&products, "PUT", "/api/products/mug/pricing", price).await;
        let carts = carts::router(&variable, &self.monitoring).unwrap();
        self.send(&carts, "PUT", "/api/cart/items/mug", json!({"quantity": 1})).await;
        let health = health::router(&variable, &self.monitoring).unwrap();
        self.send(&health, "GET", "/api/health/detailed", Value::Null).await;
    }

    async fn run(&self) {
        let variable = |name: &str| self.environment.get(name).cloned();
        let image = json!({"pk": {"S": "PRODUCT#mug"}, "sk": {"S": "PRICE"}});
        let batch = json!({"Records": [stream_record("1", &image, &image)]});
        let invalidator = cache_invalidator::Invalidator::new(&variable, &self.monitoring).unwrap();
        invalidator.handle(batch).await.unwrap();
        self.monitoring.end(Duration::from_secs(10)).await;
        let warmer = cache_warmer::Warmer::new(&variable, &self.monitoring).unwrap();
        warmer.handle(json!({})).await.unwrap();
        self.monitoring.end(Duration::from_secs(10)).await;
    }
}

#[tokio::test]
async fn what_functions_ask_of_the_cache_its_user_may_do() {
    let (mut shop, tokens) = (Shop::with_mugs(5).await, Tokens::new());
    let (url, mut admin) = let_in(&shop.redis.url(), &rights());
    shop.environment.insert("CACHE_URL".to_owned(), url);
    shop.environment.insert("AUTH_JWKS".to_owned(), tokens.jwks());
    let functions = Functions { environment: shop.environment, monitoring: Monitoring::default(), tokens };
    functions.serve().await;
    functions.run().await;
    let refused: Answer = cmd("ACL").arg("LOG").query(&mut admin).unwrap();
    assert_eq!(refused, Answer::Array(Vec::new()));
    let total = functions.monitoring.window(5).await.unwrap().total();
    let (asked, alone) = (total.count(Count::CacheRequests), total.count(Count::RateLimitFallbacks));
    assert!(asked > 10 && alone == 0, "{asked} requests to the cache, {alone} limits decided without it");
}
