//! Every payload of functions/*/events through the Runtime Interface Emulator:
//! what `sam local invoke` does, without its container.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::Timestamp;
use local::lambda::{Binaries, RateLimits, Surroundings};
use local::project::Project;
use local::provider::{Secrets, Signer};
use local::rie::Rie;
use local::testing::{Database, Redis, Tokens, fleet_at};
use monitoring::Count;
use serde_json::{Value, json};

/// Payload, status, and what the body must hold, in the order to invoke them.
const EXPECTED: [(&str, u16, &[&str]); 24] = [
    ("products/create", 201, PRODUCT),
    ("products/show", 200, PRODUCT),
    ("products/list", 200, &["/items/0/id", "/items/1/id", "/next_cursor"]),
    ("products/search", 200, &["/items/0/price/amount", "/next_cursor"]),
    ("products/adjust", 200, &["/product_id", "/available", "/version", "/updated_at"]),
    ("carts/set-item", 200, CART),
    ("carts/show", 200, CART),
    ("carts/remove-item", 204, &[]),
    ("carts/empty", 204, &[]),
    ("orders/place", 201, ORDER),
    ("orders/list", 200, &["/items/0/id", "/next_cursor"]),
    ("orders/show", 404, PROBLEM), // its order is nobody's
    ("orders/cancel", 404, PROBLEM),
    ("users/create", 201, PROFILE),
    ("users/show", 200, PROFILE),
    ("users/edit", 200, PROFILE),
    ("webhooks/stripe", 200, RECEIVED),
    ("webhooks/stripe-base64", 200, RECEIVED),
    ("webhooks/standard", 200, RECEIVED),
    ("webhooks/unknown-provider", 404, PROBLEM),
    ("docs/openapi", 200, &["/openapi", "/info/version", "/paths", "/components/schemas"]),
    ("health/health", 200, &["/status", "/timestamp", "/uptime"]),
    (
        "health/detailed",
        200,
        &["/status", "/services/database", "/services/cache", "/services/api", "/system"],
    ),
    ("health/not-found", 404, PROBLEM),
];
const PRODUCT: &[&str] = &[
    "/id",
    "/name",
    "/description",
    "/category",
    "/tags",
    "/price/amount",
    "/price/currency",
    "/inventory/available",
    "/version",
    "/created_at",
    "/updated_at",
];
const CART: &[&str] = &["/items/0/line_total/amount", "/total/amount", "/unavailable", "/version"];
const ORDER: &[&str] = &[
    "/id",
    "/status",
    "/items/0/line_total/amount",
    "/total/amount",
    "/payment/id",
    "/payment/status",
    "/payment/captured/amount",
    "/payment/refunded/amount",
    "/created_at",
    "/expires_at",
    "/version",
];
const PROFILE: &[&str] = &["/id", "/name", "/email", "/version"];
const RECEIVED: &[&str] = &["/received", "/duplicate"];
const PROBLEM: &[&str] = &["/type", "/title", "/status", "/detail", "/instance", "/request_id"];
/// What show, search, adjust and a cart ask for: the local stack's catalogue has it.
const PRODUCT_OF_THE_PAYLOADS: &str = "cafe-au-lait-bowl";

/// What is for people, and no JSON.
const PAGES: [&str; 3] = ["health/dashboard", "docs/page", "docs/asset"];

/// The payloads of functions that no HTTP request calls.
const EVENTS: [&str; 9] = [
    "cache-invalidator/stream",
    "cache-warmer/dry-run",
    "cache-warmer/schedule",
    "order-expirer/schedule",
    "payment-events/failed",
    "payment-events/replay",
    "payment-events/schedule",
    "payment-events/stream",
    "release-check/before-allow-traffic", // whose own tests stand in for CodeDeploy
];

/// One function under the emulator, with a table and a cache of its own.
struct Stage {
    function: &'static str,
    project: Project,
    tokens: Tokens,
    surroundings: Surroundings,
    rie: Rie,
    _around: (Database, Redis),
}

impl Stage {
    async fn of(function: &'static str) -> Self {
        let project = Project::find().unwrap();
        let (database, cache, tokens) = (Database::memory().await, Redis::start().await, Tokens::new());
        let surroundings = Surroundings {
            dynamodb: database.endpoint(),
            cache: cache.url(),
            jwks: tokens.jwks(),
            cursor_key: "a cursor key of at least 32 characters".to_owned(),
            webhook_secrets: Secrets::random().unwrap(),
            rate_limits: RateLimits::default(),
        };
        let rie = start(&project, &surroundings, function).await;
        Self { function, project, tokens, surroundings, rie, _around: (database, cache) }
    }

    /// Puts the payloads' product into the table.
    async fn seed(&self) {
        let mut products = start(&self.project, &self.surroundings, "products").await;
        let mut seed = self.payload("products/create");
        let mut body: Value = serde_json::from_str(seed["body"].as_str().unwrap()).unwrap();
        body["id"] = PRODUCT_OF_THE_PAYLOADS.into();
        body["name"] = "Café au Lait Bowl".into();
        seed["body"] = body.to_string().into();
        let seeded = products.invoke(&seed).await.unwrap();
        assert_answer("the payloads' product", &seeded, 201, PRODUCT);
        let stocked = products.invoke(&self.payload("products/adjust")).await.unwrap();
        assert_answer("its stock", &stocked, 200, &["/available"]);
        products.stop().await;
    }

    /// A payload as a developer sends it: with a token where it says TOKEN, and
    /// signed at this moment where it says SIGNATURE.
    fn payload(&self, name: &str) -> Value {
        let (function, name) = name.split_once('/').unwrap();
        let file = self.project.root().join(format!("functions/{function}/events/{name}.json"));
        let token = self.tokens.mint("alice", "catalog:write");
        let text = std::fs::read_to_string(file).unwrap();
        let payload =
            serde_json::from_str(&text.replace("Bearer TOKEN", &format!("Bearer {token}"))).unwrap();
        if text.contains("SIGNATURE") { self.signed(payload) } else { payload }
    }

    /// As the provider of its path signs it; one that nobody knows, not at all.
    fn signed(&self, mut payload: Value) -> Value {
        let name = payload["rawPath"].as_str().unwrap().trim_start_matches("/api/webhooks/");
        let Ok(provider) = name.parse() else { return payload };
        let signer = Signer::new(provider, self.surroundings.webhook_secrets.of(provider)).unwrap();
        let id = payload["headers"]["webhook-id"].as_str().unwrap_or_default();
        for (name, value) in signer.headers_of(id, &body(&payload), Timestamp::now()) {
            payload["headers"][name] = value.into();
        }
        payload
    }

    async fn answers_its_payloads(&mut self) {
        for (payload, status, fields) in EXPECTED {
            if payload.split_once('/').unwrap().0 == self.function {
                let answer = self.rie.invoke(&self.payload(payload)).await.unwrap();
                assert_answer(payload, &answer, status, fields);
            }
        }
    }
}

/// The bytes that a payload carries.
fn body(payload: &Value) -> Vec<u8> {
    let text = payload["body"].as_str().unwrap();
    if payload["isBase64Encoded"] == true { BASE64_STANDARD.decode(text).unwrap() } else { text.into() }
}

async fn start(project: &Project, surroundings: &Surroundings, function: &str) -> Rie {
    let template = project.template().unwrap();
    let functions = template.functions().unwrap();
    let described = functions.iter().find(|it| it.name == function).unwrap();
    let environment = surroundings.of_process(&template, described, "").unwrap();
    let binary = Binaries::find().and_then(|binaries| binaries.of(function)).unwrap();
    Rie::start(project, &binary, &environment).await.unwrap()
}

fn assert_answer(payload: &str, answer: &Value, status: u16, fields: &[&str]) {
    assert_eq!(answer["statusCode"], status, "{payload}: {answer}");
    if status == 204 {
        return;
    }
    assert_eq!(answer["headers"]["content-type"], media_type(status), "{payload}: {answer}");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    for field in fields {
        assert!(body.pointer(field).is_some(), "{payload}: no {field} in {body}");
    }
}

fn media_type(status: u16) -> &'static str {
    if status < 400 { "application/json" } else { "application/problem+json" }
}

#[tokio::test]
async fn products_answers_its_payloads() {
    let mut stage = Stage::of("products").await;
    stage.seed().await;
    stage.answers_its_payloads().await;
    stage.rie.stop().await;
}

#[tokio::test]
async fn carts_answers_its_payloads() {
    let mut stage = Stage::of("carts").await;
    stage.seed().await;
    stage.answers_its_payloads().await;
    stage.rie.stop().await;
}

#[tokio::test]
async fn orders_answers_its_payloads() {
    let mut stage = Stage::of("orders").await;
    stage.seed().await;
    stage.answers_its_payloads().await;
    stage.rie.stop().await;
}

#[tokio::test]
async fn order_expirer_says_what_it_did() {
    let mut stage = Stage::of("order-expirer").await;
    let report = stage.rie.invoke(&stage.payload("order-expirer/schedule")).await.unwrap();
    assert_eq!(report, json!({"expired": 0, "skipped": 0, "failed": 0, "unfinished": 0}));
    stage.rie.stop().await;
}

#[tokio::test]
async fn cache_warmer_says_what_it_would_do_and_what_it_did() {
    let mut warmer = Stage::of("cache-warmer").await;
    warmer.seed().await;
    let mut products = start(&warmer.project, &warmer.surroundings, "products").await;
    products.invoke(&warmer.payload("products/show")).await.unwrap();
    products.stop().await;
    let plan = warmer.rie.invoke(&warmer.payload("cache-warmer/dry-run")).await.unwrap();
    let read = json!([{"name": PRODUCT_OF_THE_PAYLOADS, "reads": 1}]);
    assert_eq!(plan, json!({"categories": [], "products": read}));
    let first = warmer.rie.invoke(&warmer.payload("cache-warmer/schedule")).await.unwrap();
    assert_eq!(first["failed"], 0, "{first}");
    let again = warmer.rie.invoke(&warmer.payload("cache-warmer/schedule")).await.unwrap();
    assert_eq!(again, json!({"loaded": 0, "refreshed": 0, "skipped": 7, "failed": 0, "unfinished": 0}));
    warmer.rie.stop().await;
}

/// The emulator answers once the extension is done; so what is in the shared cache
/// then, the extension kept the function running for.
#[tokio::test]
async fn work_after_the_response_is_done_before_the_next_invocation() {
    let mut stage = Stage::of("products").await;
    stage.rie.invoke(&stage.payload("products/list")).await.unwrap();
    let window = fleet_at(&stage.surroundings.cache).window(5).await.expect("the cache answers");
    assert_eq!(window.total().count(Count::Requests), 1, "{window:?}");
    stage.rie.stop().await;
}

#[tokio::test]
async fn cache_invalidator_says_what_failed() {
    let mut stage = Stage::of("cache-invalidator").await;
    let answer = stage.rie.invoke(&stage.payload("cache-invalidator/stream")).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    stage.rie.stop().await;
}

#[tokio::test]
async fn payment_events_says_what_it_did() {
    let mut stage = Stage::of("payment-events").await;
    let answer = stage.rie.invoke(&stage.payload("payment-events/stream")).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    let swept = stage.rie.invoke(&stage.payload("payment-events/schedule")).await.unwrap();
    assert_eq!(swept["applied"], 0, "{swept}");
    let listed = stage.rie.invoke(&stage.payload("payment-events/failed")).await.unwrap();
    assert_eq!(listed, json!({"failed": [], "complete": true}));
    // Its event is nobody's.
    let failed = stage.rie.invoke(&stage.payload("payment-events/replay")).await.unwrap();
    assert_eq!(failed["errorMessage"], "there is no such event", "{failed}");
    stage.rie.stop().await;
}

#[tokio::test]
async fn users_answers_its_payloads() {
    let mut stage = Stage::of("users").await;
    stage.answers_its_payloads().await;
    stage.rie.stop().await;
}

#[tokio::test]
async fn webhooks_answers_its_payloads() {
    let mut stage = Stage::of("webhooks").await;
    stage.answers_its_payloads().await;
    stage.rie.stop().await;
}

#[tokio::test]
async fn health_answers_its_payloads() {
    let mut stage = Stage::of("health").await;
    stage.answers_its_payloads().await;
    let page = stage.rie.invoke(&stage.payload(PAGES[0])).await.unwrap();
    assert_eq!((&page["statusCode"], &page["isBase64Encoded"]), (&json!(200), &json!(false)));
    assert!(page["body"].as_str().unwrap().starts_with("<!doctype html>"));
    stage.rie.stop().await;
}

#[tokio::test]
async fn docs_answers_its_payloads() {
    let mut stage = Stage::of("docs").await;
    stage.answers_its_payloads().await;
    for page in &PAGES[1..] {
        let page = stage.rie.invoke(&stage.payload(page)).await.unwrap();
        assert_eq!(page["statusCode"], 200);
    }
    stage.rie.stop().await;
}

#[test]
fn every_payload_has_an_expected_answer() {
    let functions = Project::find().unwrap().root().join("functions");
    let folders = names_in(&functions).into_iter();
    let payloads: BTreeSet<String> =
        folders.flat_map(|function| payloads_of(&functions, &function)).collect();
    let expected = EXPECTED.iter().map(|(payload, ..)| *payload).chain(PAGES).chain(EVENTS);
    assert_eq!(payloads, expected.map(str::to_owned).collect());
}

fn payloads_of(functions: &Path, function: &str) -> Vec<String> {
    let files = names_in(&functions.join(function).join("events")).into_iter();
    files.map(|file| format!("{function}/{}", file.trim_end_matches(".json"))).collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
