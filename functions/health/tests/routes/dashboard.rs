use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get as route;
use local::testing::browser::{self, Shown};
use local::testing::server::Server;
use serde_json::Value;

use crate::stage::{Stage, get};

const PAGE: &str = "/api/health/dashboard";
const DETAILED: &str = "/api/health/detailed";

/// What a report said in the crate's own tests.
fn reported(test: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/report/snapshots");
    let snapshot = std::fs::read_to_string(format!("{folder}/health__report__tests__{test}.snap")).unwrap();
    let (_, json) = snapshot.split_once("\n---\n").unwrap();
    serde_json::from_str(json).unwrap()
}

/// The page, with these answers in the place of `detailed`: one after the other, and
/// the last one for good.
async fn page_of(answers: Vec<(StatusCode, String)>) -> (Stage, Server) {
    let stage = Stage::new().await;
    let page = stage.router();
    let left = std::sync::Arc::new(std::sync::Mutex::new(answers));
    let detailed = async move || {
        let mut left = left.lock().unwrap();
        let (status, body) = if left.len() > 1 { left.remove(0) } else { left[0].clone() };
        (status, [(CONTENT_TYPE, "application/json")], body)
    };
    let routes = Router::new().route(DETAILED, route(detailed)).fallback_service(page);
    (stage, Server::serve(routes).await)
}

async fn shown(server: &Server, seconds: u32) -> Shown {
    browser::open(&format!("{}{PAGE}", server.url()), seconds).await
}

async fn shown_of(code: StatusCode, report: &Value) -> Shown {
    let (_stage, server) = page_of(vec![(code, report.to_string())]).await;
    shown(&server, 3).await
}

#[tokio::test]
async fn the_page_may_run_itself_and_nothing_else() {
    let stage = Stage::new().await;
    let answer = get(&stage.router(), PAGE).await;
    assert_eq!(
        (answer.status, &answer.headers["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let outside = answer.text.match_indices("//").filter(|(at, _)| answer.text[..*at].ends_with(':'));
    let outside: Vec<_> = outside.map(|(at, _)| &answer.text[at..at + 16]).collect();
    assert_eq!(outside, ["//www.w3.org/200"], "the namespace of SVG is no address");
}

#[tokio::test]
async fn a_healthy_system_is_shown_with_its_values_and_charts() {
    let shown = shown_of(StatusCode::OK, &reported("a_busy_day_is_healthy")).await;
    assert_eq!(shown.console, [""; 0]);
    assert_eq!(shown.text_after("<h1 id=\"verdict\">"), "All is well");
    assert!(shown.dom.contains("<body data-status=\"healthy\""));
    assert_eq!(shown.text_after("<span class=\"value\">"), "3.1\u{2009}ms");
    let curves = shown.dom.matches("<path class=\"curve\" d=\"M").count();
    assert_eq!(curves, 6, "each chart has a curve");
    for function in ["products", "carts", "orders", "payment-events"] {
        assert!(shown.dom.contains(&format!("<td class=\"\">{function}</td>")), "{function}");
    }
}

#[tokio::test]
async fn an_unhealthy_system_is_shown_with_its_reasons_worst_first() {
    let report = reported("a_fleet_that_errs_under_load_is_unhealthy");
    let shown = shown_of(StatusCode::SERVICE_UNAVAILABLE, &report).await;
    assert_eq!(shown.console, [""; 0]);
    assert_eq!(shown.text_after("<h1 id=\"verdict\">"), "Unhealthy");
    let reason = shown.text_after("<p id=\"reason\">");
    assert!(reason.starts_with("Database: time, p95") || reason.starts_with("API: error rate"), "{reason}");
    assert!(reason.contains("more"), "{reason}");
}

#[tokio::test]
async fn what_is_not_known_is_said_to_be_so() {
    let report = reported("a_dead_cache_is_degraded_and_takes_the_counts_along");
    let shown = shown_of(StatusCode::OK, &report).await;
    assert_eq!(shown.console, [""; 0]);
    assert_eq!(shown.text_after("<h1 id=\"verdict\">"), "Degraded");
    assert_eq!(shown.text_after("<p id=\"scope\">"), "the fleet\u{2019}s counts cannot be read");
    assert_eq!(shown.text_after("<p id=\"reason\">"), "Cache: the cache cannot be reached");
    assert!(shown.dom.matches(">no samples<").count() > 10);
    let (page, _script) = shown.dom.split_once("<script>").unwrap();
    assert!(!page.contains("NaN") && !page.contains("undefined"), "{page}");
}

#[tokio::test]
async fn what_comes_from_outside_is_text() {
    let mut report = reported("a_busy_day_is_healthy");
    let evil = "<img src=x onerror=console.error('run')>";
    let function = report["services"]["api"]["functions"]["products"].clone();
    report["services"]["api"]["functions"][evil] = function;
    let shown = shown_of(StatusCode::OK, &report).await;
    assert_eq!(shown.console, [""; 0]);
    assert!(!shown.dom.contains("<img"));
    assert!(shown.dom.contains("&lt;img src=x onerror"));
}

#[tokio::test]
async fn the_page_asks_again_and_nobody_but_its_host() {
    let answer = (StatusCode::OK, reported("a_busy_day_is_healthy").to_string());
    let (_stage, server) = page_of(vec![answer]).await;
    shown(&server, 22).await;
    let asked = server.asked();
    assert_eq!(asked[0], PAGE);
    assert!(asked.len() >= 4, "{asked:?}");
    assert!(asked[1..].iter().all(|path| path == DETAILED), "{asked:?}");
}

#[tokio::test]
async fn an_api_that_fails_later_is_said_to_be_out_of_reach() {
    let good = (StatusCode::OK, reported("a_busy_day_is_healthy").to_string());
    let bad = (StatusCode::BAD_GATEWAY, "{}".to_owned());
    let (_stage, server) = page_of(vec![good, bad]).await;
    let shown = shown(&server, 60).await;
    assert_eq!(shown.text_after("<h1 id=\"verdict\">"), "No contact");
    assert!(shown.text_after("<p id=\"reason\">").contains("Last known"), "{}", shown.dom);
    let trouble = shown.text_after("role=\"alert\">");
    assert_eq!(trouble, "The API answers with status 502. Trying again.");
    assert!(shown.text_after("<p id=\"fresh\">").starts_with("updated "));
}

#[tokio::test]
async fn a_token_that_has_changed_is_asked_for() {
    let refused = (StatusCode::UNAUTHORIZED, "{}".to_owned());
    let (_stage, server) = page_of(vec![refused]).await;
    let shown = shown(&server, 3).await;
    assert!(shown.text_after("role=\"alert\">").contains("token"), "{}", shown.dom);
}

#[tokio::test]
async fn the_page_shows_the_real_answer() {
    let stage = Stage::new().await;
    let server = Server::serve(stage.warm_router().await).await;
    let shown = shown(&server, 3).await;
    assert_eq!(shown.console, [""; 0]);
    assert_eq!(shown.text_after("<h1 id=\"verdict\">"), "All is well");
}

#[tokio::test]
async fn a_browser_that_has_signed_in_sees_all_of_it() {
    let stage = Stage::new().await.with("HEALTH_TOKEN", "a-token-for-health");
    let server = Server::serve(stage.router()).await;
    let signed_in = server.url().replace("http://", "http://anyone:a-token-for-health@");
    let shown = browser::open(&format!("{signed_in}{PAGE}"), 8).await;
    assert_eq!(shown.console, [""; 0]);
    assert_eq!(shown.text_after("<h1 id=\"verdict\">"), "All is well");
}
