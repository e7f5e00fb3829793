use std::time::Duration;

use local::faults::{Fault, Rule};
use local::testing::{Database, Tokens, environment};
use serde_json::{Value, json};

use crate::stage::{NOWHERE, Stage, detailed, probe, router, verdicts};

#[tokio::test]
async fn all_is_well_when_table_and_cache_answer() {
    let stage = Stage::new().await;
    let answer = detailed(&stage.warm_router().await).await;
    assert_eq!(verdicts(&answer), (200, ["healthy"; 3]), "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    for (service, limit) in [("database", 100), ("cache", 50)] {
        let probe = probe(&answer, service);
        assert!(probe["value"].is_number(), "{probe}");
        assert_eq!((&probe["unit"], &probe["healthy_below"]), (&json!("ms"), &json!(limit)));
    }
}

#[tokio::test]
async fn a_dead_cache_is_degraded() {
    let stage = Stage::new().await;
    let router = stage.warm_router().await;
    stage.redis.kill().await;
    let answer = detailed(&router).await;
    assert_eq!(verdicts(&answer), (200, ["degraded", "healthy", "degraded"]));
    assert_eq!(probe(&answer, "cache")["detail"], "the cache cannot be reached");
}

#[tokio::test]
async fn a_cache_that_comes_back_is_healthy_again() {
    let mut stage = Stage::new().await;
    let router = stage.warm_router().await;
    stage.redis.kill().await;
    detailed(&router).await;
    stage.redis.restart().await;
    for _ in 0..50 {
        if verdicts(&detailed(&router).await) == (200, ["healthy"; 3]) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(verdicts(&detailed(&router).await), (200, ["healthy"; 3]));
}

#[tokio::test]
async fn a_hung_cache_is_degraded() {
    let stage = Stage::new().await;
    let router = stage.warm_router().await;
    stage.redis.freeze();
    let answer = detailed(&router).await;
    assert_eq!(verdicts(&answer), (200, ["degraded", "healthy", "degraded"]));
}

/// Redis itself holds back every answer for a while.
#[tokio::test]
async fn a_slow_cache_is_degraded() {
    let stage = Stage::new().await;
    let router = stage.warm_router().await;
    let client = cache::redis::Client::open(stage.redis.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    cache::redis::cmd("CLIENT").arg("PAUSE").arg(10_000).arg("ALL").exec(&mut connection).unwrap();
    let answer = detailed(&router).await;
    assert_eq!(verdicts(&answer), (200, ["degraded", "healthy", "degraded"]));
}

#[tokio::test]
async fn a_process_without_a_shared_cache_is_healthy() {
    let database = Database::memory().await;
    let answer = detailed(&router(&environment(&database, None, &Tokens::new()))).await;
    assert_eq!(verdicts(&answer), (200, ["healthy"; 3]));
    assert_eq!(probe(&answer, "cache")["detail"], "no shared cache is configured");
}

async fn with_fault(rule: Rule) -> (u16, Value, Value) {
    let stage = Stage::new().await;
    let router = stage.warm_router().await;
    stage.database.faults().inject(rule);
    let answer = detailed(&router).await;
    let status = answer.body["services"]["database"]["status"].clone();
    assert_eq!(answer.body["status"], status, "nothing else is amiss");
    (answer.status, status, probe(&answer, "database").clone())
}

#[tokio::test]
async fn a_slow_table_is_degraded() {
    let slow = Fault::Delay(Duration::from_millis(150)).on("GetItem");
    let (code, status, probe) = with_fault(slow).await;
    assert_eq!((code, status), (200, json!("degraded")));
    assert!(probe["value"].as_f64().unwrap() >= 150.0, "{probe}");
}

#[tokio::test]
async fn a_hung_table_is_unhealthy() {
    let (code, status, probe) = with_fault(Fault::NoReply.on("GetItem")).await;
    assert_eq!((code, status), (503, json!("unhealthy")));
    assert_eq!(probe["detail"], "the table did not answer in time");
}

#[tokio::test]
async fn a_table_that_throttles_is_unhealthy() {
    let (code, status, _) = with_fault(Fault::Throttled.on("GetItem")).await;
    assert_eq!((code, status), (503, json!("unhealthy")));
}

#[tokio::test]
async fn a_table_that_fails_is_unhealthy() {
    let (code, status, _) = with_fault(Fault::ErrorBefore.on("GetItem")).await;
    assert_eq!((code, status), (503, json!("unhealthy")));
}

#[tokio::test]
async fn a_table_that_is_gone_is_unhealthy() {
    let stage = Stage::new().await.with("AWS_ENDPOINT_URL_DYNAMODB", NOWHERE);
    let answer = detailed(&stage.router()).await;
    assert_eq!((answer.status, &answer.body["status"]), (503, &json!("unhealthy")));
}

#[tokio::test]
async fn a_table_of_another_name_is_unhealthy() {
    let stage = Stage::new().await.with("TABLE_NAME", "no-such-table");
    let answer = detailed(&stage.router()).await;
    assert_eq!((answer.status, &answer.body["status"]), (503, &json!("unhealthy")));
    assert_eq!(probe(&answer, "database")["detail"], "the table cannot be read");
}

#[tokio::test]
async fn the_answer_comes_in_time_whatever_hangs() {
    let hung = local::testing::server::Server::silent().await;
    let stage = Stage::new()
        .await
        .with("CACHE_SERVERLESS_NAME", "shop-cache")
        .with("AWS_ENDPOINT_URL_ELASTICACHE", hung.url());
    let router = stage.router();
    stage.redis.freeze();
    stage.database.faults().inject(Fault::NoReply.on_any());
    let answer = detailed(&router).await;
    assert_eq!(verdicts(&answer), (503, ["unhealthy", "unhealthy", "degraded"]));
    assert_eq!(answer.body["services"]["cache"]["managed"]["detail"], "ElastiCache did not answer in time");
}
