use local::testing::{Database, Redis, Tokens, environment};
use serde_json::json;

use crate::stage::{get, router};

#[tokio::test]
async fn liveness_touches_nothing() {
    let (database, redis) = (Database::memory().await, Redis::start().await);
    let environment = environment(&database, Some(&redis), &Tokens::new());
    drop((database, redis));
    let answer = get(&router(&environment), "/api/health").await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("healthy")));
    assert!(answer.body["timestamp"].is_string() && answer.body["uptime"].is_number());
}
