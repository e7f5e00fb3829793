//! How long things take, by samples.

use serde_json::Value;

use crate::function::{Function, RELEASE, STAGE};
use crate::platform::TRACE;
use crate::server::{Sentry, TAKE};

const ALL: [(&str, &str); 2] = [("SENTRY_REQUEST_SAMPLE_RATE", "1"), ("SENTRY_COLD_START_SAMPLE_RATE", "1")];

async fn transactions(settings: &[(&str, &str)], number: usize) -> Vec<Value> {
    let sentry = Sentry::start(TAKE).await;
    let function = Function::own("http", &sentry, settings).await;
    for _ in 0..2 {
        function.get("/fine").await;
    }
    function.get("/fail").await;
    let deliveries = sentry.at_least(number).await;
    deliveries.iter().filter_map(|delivery| delivery.item("transaction").cloned()).collect()
}

#[tokio::test]
async fn a_process_tells_of_its_start_once_and_of_each_request() {
    let transactions = transactions(&ALL, 5).await;
    let names: Vec<_> = transactions.iter().map(|it| it["transaction"].as_str().unwrap()).collect();
    assert_eq!(names, ["cold start", "GET /fine", "GET /fine", "GET /fail"]);
    for transaction in &transactions {
        assert_eq!((&transaction["release"], &transaction["environment"]), (&RELEASE.into(), &STAGE.into()));
        assert_eq!(transaction["tags"]["function"], "shop-test");
    }
    let trace = |at: usize| &transactions[at]["contexts"]["trace"];
    assert_eq!((&trace(1)["trace_id"], &trace(1)["status"]), (&TRACE.into(), &"ok".into()));
    assert_eq!(trace(3)["status"], "internal_error");
}

#[tokio::test]
async fn a_rate_of_nothing_tells_of_none() {
    assert_eq!(transactions(&[], 1).await, [] as [Value; 0]);
}
