//! What a refusal comes before, and limits of bad requests alone.

use axum::Router;
use axum::body::Body;
use axum::http::Request;

use crate::stage::{Answer, Stage, from, send};

#[tokio::test]
async fn who_is_over_the_limit_is_refused_before_the_body_is_read() {
    let stage = Stage::open().await;
    let process = stage.process();
    for _ in 0..3 {
        stage.make(&process, "ann", "192.0.2.1").await;
    }
    let token = format!("Bearer {}", stage.token("ann"));
    let unread = Body::from_stream(futures::stream::once(async {
        Err::<String, _>(std::io::Error::other("it was read"))
    }));
    let request = Request::post("/things").header("authorization", token);
    let request = request.header("content-type", "application/json").body(unread).expect("a request");
    send(&process, request).await.problem(429);
    assert_eq!(stage.made(), 3, "nothing was done");
}

async fn post(process: &Router, body: &str) -> Answer {
    let request = Request::post("/bad").body(Body::from(body.to_owned())).expect("a request");
    send(process, from("192.0.2.1", request)).await
}

#[tokio::test]
async fn bad_requests_are_limited_and_good_ones_are_not() {
    let stage = Stage::open().await;
    let process = stage.process();
    for _ in 0..10 {
        assert_eq!(post(&process, "7").await.status, 200);
    }
    for _ in 0..3 {
        let bad = post(&process, "seven").await;
        bad.problem(400);
        assert!(bad.headers.contains_key("ratelimit"));
    }
    let refused = post(&process, "seven").await;
    refused.problem(429);
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(post(&process, "7").await.status, 200);
}
