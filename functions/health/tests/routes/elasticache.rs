use axum::Router;
use axum::http::StatusCode;
use local::testing::server::Server;
use serde_json::json;

use crate::stage::{Stage, detailed, verdicts};

const DESCRIBED: &str =
    include_str!("../../../../shared/cache/tests/elasticache/answers/serverless_available.xml");
const THROTTLED: &str = include_str!("../../../../shared/cache/tests/elasticache/answers/throttled.xml");

/// `ElastiCache`, with one answer to everything.
async fn elasticache(status: StatusCode, body: &'static str) -> Server {
    Server::serve(Router::new().fallback(async move || (status, [("content-type", "text/xml")], body))).await
}

async fn managed(elasticache: &Server) -> Stage {
    let stage = Stage::new().await.with("CACHE_SERVERLESS_NAME", "shop-cache");
    stage.with("AWS_ENDPOINT_URL_ELASTICACHE", elasticache.url())
}

#[tokio::test]
async fn a_managed_cache_is_described_in_elasticaches_words() {
    let elasticache = elasticache(StatusCode::OK, DESCRIBED).await;
    let stage = managed(&elasticache).await;
    let answer = detailed(&stage.warm_router().await).await;
    let mut managed = answer.body["services"]["cache"]["managed"].clone();
    assert!(managed["asked_at"].take().is_string());
    assert_eq!(
        managed,
        json!({
            "name": "shop-cache",
            "kind": "serverless",
            "status": "available",
            "engine": "valkey",
            "version": "8.1",
            "storage_limit_gb": 10,
            "ecpu_limit": 5000,
            "endpoints": 2,
            "asked_at": null,
        })
    );
}

#[tokio::test]
async fn elasticache_is_asked_once_a_minute() {
    let elasticache = elasticache(StatusCode::OK, DESCRIBED).await;
    let stage = managed(&elasticache).await;
    let router = stage.router();
    for _ in 0..5 {
        detailed(&router).await;
    }
    assert_eq!(elasticache.asked().len(), 1);
}

#[tokio::test]
async fn an_elasticache_that_refuses_changes_no_verdict() {
    let elasticache = elasticache(StatusCode::BAD_REQUEST, THROTTLED).await;
    let stage = managed(&elasticache).await;
    let answer = detailed(&stage.warm_router().await).await;
    assert_eq!(verdicts(&answer), (200, ["healthy"; 3]));
    let managed = &answer.body["services"]["cache"]["managed"];
    assert_eq!(
        managed,
        &json!({
            "name": "shop-cache", "kind": "serverless", "detail": "ElastiCache does not describe it"
        })
    );
}

#[tokio::test]
async fn a_cache_of_ones_own_has_no_description() {
    let stage = Stage::new().await;
    assert!(detailed(&stage.router()).await.body["services"]["cache"].get("managed").is_none());
}
