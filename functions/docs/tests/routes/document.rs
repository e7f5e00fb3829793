use axum::body::Body;
use axum::http::Request;
use local::testing::{Answer, send};
use monitoring::Monitoring;

async fn document(known: Option<&str>) -> Answer {
    let mut request = Request::get("/api/openapi.json");
    if let Some(tag) = known {
        request = request.header("if-none-match", tag);
    }
    send(&docs::router(&Monitoring::default()), request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_document_is_json_that_caches_must_ask_about() {
    let answer = document(None).await;
    assert_eq!((answer.status, &answer.body["openapi"]), (200, &"3.1.0".into()));
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "public, no-cache");
}

#[tokio::test]
async fn who_has_the_document_does_not_get_it_again() {
    let first = document(None).await;
    let second = document(Some(first.headers["etag"].to_str().unwrap())).await;
    assert_eq!((second.status, second.text.as_str()), (304, ""));
}

/// So it is right under every name of the API.
#[tokio::test]
async fn the_server_is_the_host_that_the_document_came_from() {
    assert_eq!(document(None).await.body["servers"][0]["url"], "/");
}
