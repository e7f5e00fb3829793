use std::io::Read;

use axum::body::Body;
use axum::http::Request;
use flate2::read::GzDecoder;
use local::testing::{browser, send, server::Server};
use monitoring::Monitoring;
use tower::ServiceExt;

const BUNDLE: &str = "/api/docs/swagger-ui-bundle.js";

async fn bytes(path: &str, encodings: &str) -> (Option<String>, Vec<u8>) {
    let request = Request::get(path).header("accept-encoding", encodings).body(Body::empty()).unwrap();
    let answer = docs::router(&Monitoring::default()).oneshot(request).await.unwrap();
    let encoding = answer.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
    (encoding, axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap().into())
}

#[tokio::test]
async fn the_page_may_run_what_comes_from_its_host_and_nothing_else() {
    let page = Request::get("/api/docs").body(Body::empty()).unwrap();
    let answer = send(&docs::router(&Monitoring::default()), page).await;
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !answer.text.contains("//"), "{policy} {}", answer.text);
}

#[tokio::test]
async fn a_large_part_is_zipped_for_those_who_say_that_they_take_it() {
    let (plain_encoding, plain) = bytes(BUNDLE, "br").await;
    let (zipped_encoding, zipped) = bytes(BUNDLE, "gzip, deflate, br").await;
    assert_eq!((plain_encoding, zipped_encoding.as_deref()), (None, Some("gzip")));
    let mut unzipped = Vec::new();
    GzDecoder::new(zipped.as_slice()).read_to_end(&mut unzipped).unwrap();
    assert!(unzipped == plain && plain.len() > 1_000_000 && zipped.len() < 500_000);
}

#[tokio::test]
async fn what_is_no_part_of_the_page_is_not_found() {
    let request = Request::get("/api/docs/page.html").body(Body::empty()).unwrap();
    assert_eq!(send(&docs::router(&Monitoring::default()), request).await.status, 404);
}

#[tokio::test]
async fn a_browser_shows_every_operation_and_asks_no_other_host() {
    let server = Server::serve(docs::router(&Monitoring::default())).await;
    let shown = browser::open(&format!("{}/api/docs", server.url()), 20).await;
    assert_eq!(shown.console, [""; 0]);
    for operation in ["operations-catalogue-listProducts", "operations-orders-placeOrder"] {
        assert!(shown.dom.contains(operation), "no {operation} in {}", shown.dom);
    }
    let mut asked = server.asked();
    asked.sort_unstable();
    let parts =
        ["", "/start.js", "/swagger-ui-bundle.js", "/swagger-ui.css"].map(|part| format!("/api/docs{part}"));
    assert_eq!(asked, [parts.as_slice(), &["/api/openapi.json".to_owned()]].concat());
}
