use serde_json::json;

use crate::stage::{Stage, get};

#[tokio::test]
async fn every_unknown_path_is_a_problem() {
    let stage = Stage::new().await;
    let router = stage.router();
    for path in ["/", "/api", "/api/", "/api/nothing", "/api/health/", "/favicon.ico"] {
        let answer = get(&router, path).await;
        answer.problem(404);
        assert_eq!(answer.body["instance"], json!(path));
    }
}
