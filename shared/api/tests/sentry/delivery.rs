//! A Sentry that is not well harms nobody else.

use std::time::Duration;

use crate::function::Function;
use crate::server::{Conduct, Sentry, TAKE};

fn causes(sentry: &Sentry) -> usize {
    sentry.deliveries().iter().filter(|delivery| delivery.item("event").is_some()).count()
}

#[tokio::test]
async fn one_that_hangs_delays_no_caller_and_no_other_work() {
    let sentry = Sentry::start(Conduct::Hang).await;
    let function = Function::own("http", &sentry, &[]).await;
    assert_eq!(function.get("/fail").await.status(), 503);
    sentry.first().await; // it holds the connection, and will never answer
    function.get("/work").await;
    while function.get("/done").await.body["body"] != "1" {}
    assert_eq!(sentry.deliveries().len(), 1, "it is left alone for a while");
}

#[tokio::test]
async fn one_that_hung_hears_of_what_comes_after() {
    let sentry = Sentry::start(Conduct::Hang).await;
    let function = Function::own("http", &sentry, &[]).await;
    function.get("/fail").await;
    sentry.first().await;
    sentry.behave(TAKE);
    function.get("/panic").await;
    while sentry.deliveries().len() < 2 {
        // An event that waits goes out with the next one.
        function.get("/fail").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let second = sentry.deliveries().remove(1);
    assert_eq!(second.event()["exception"]["values"][0]["type"], "panic", "the first alone was lost");
}

#[tokio::test]
async fn one_that_wants_no_more_gets_no_more() {
    for headers in [vec![("retry-after", "60")], vec![("x-sentry-rate-limits", "60:error:organization")]] {
        let sentry = Sentry::start(Conduct::Answer(429, headers)).await;
        let function = Function::own("http", &sentry, &[]).await;
        function.get("/fail").await;
        sentry.first().await;
        for _ in 0..5 {
            assert_eq!(function.get("/fail").await.status(), 503);
        }
        assert_eq!(causes(&sentry), 1);
    }
}

#[tokio::test]
async fn one_that_wants_no_transactions_still_gets_errors() {
    let limits = ("x-sentry-rate-limits", "60:transaction:organization");
    let sentry = Sentry::start(Conduct::Answer(200, vec![limits])).await;
    let function = Function::own("http", &sentry, &[("SENTRY_REQUEST_SAMPLE_RATE", "1")]).await;
    function.get("/fine").await;
    sentry.first().await;
    for _ in 0..3 {
        function.get("/fail").await;
    }
    let deliveries = sentry.at_least(4).await;
    assert_eq!(causes(&sentry), deliveries.len() - 1);
}

#[tokio::test]
async fn one_that_fails_loses_what_it_failed() {
    let sentry = Sentry::start(Conduct::Answer(500, Vec::new())).await;
    let function = Function::own("http", &sentry, &[]).await;
    function.get("/fail").await;
    sentry.first().await;
    sentry.behave(TAKE);
    function.get("/panic").await;
    let second = sentry.at_least(2).await.remove(1);
    assert_eq!(second.event()["exception"]["values"][0]["type"], "panic");
}
