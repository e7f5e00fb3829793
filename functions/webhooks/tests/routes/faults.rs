//! What a provider hears when DynamoDB fails: only what is kept is acknowledged.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::HeaderMap;
use domain::Provider;
use lambda_http::{Context, RequestExt};
use local::faults::{Fault, Position};

use crate::intake::{BODY, Intake, request, send};

#[tokio::test]
async fn what_cannot_be_kept_is_503_and_welcome_again() {
    let intake = Intake::open().await;
    let faults = intake.database.faults();
    for fault in [Fault::Conflict(Position::Random), Fault::Throttled, Fault::ErrorBefore] {
        faults.inject(fault.on("PutItem"));
        let refused = intake.signed(Provider::Stripe, BODY).await;
        refused.problem(503);
        assert_eq!(refused.headers["retry-after"], "1");
        assert!(!refused.text.contains("Dynamo"), "causes are for the log: {}", refused.text);
        faults.clear();
        assert_eq!(intake.kept().await, 0);
    }
    let kept = intake.signed(Provider::Stripe, BODY).await;
    assert_eq!((kept.status, &kept.body["duplicate"]), (200, &false.into()));
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_again() {
    let intake = Intake::open().await;
    intake.database.faults().inject(Fault::LostReply.on("PutItem").next(1));
    let kept = intake.signed(Provider::Stripe, BODY).await;
    assert_eq!((kept.status, &kept.body["duplicate"]), (200, &false.into()), "its own is no duplicate");
    let again = intake.signed(Provider::Stripe, BODY).await;
    assert_eq!((again.status, &again.body["duplicate"]), (200, &true.into()));
    assert_eq!(intake.kept().await, 1);
}

#[tokio::test]
async fn an_event_whose_answers_all_got_lost_is_a_duplicate_when_it_comes_again() {
    let intake = Intake::open().await;
    intake.database.faults().inject(Fault::LostReply.on("PutItem"));
    intake.signed(Provider::Stripe, BODY).await.problem(503);
    intake.database.faults().clear();
    let again = intake.signed(Provider::Stripe, BODY).await;
    assert_eq!((again.status, &again.body["duplicate"]), (200, &true.into()));
}

#[tokio::test]
async fn a_table_that_hangs_is_503_before_the_invocations_time_is_over() {
    let intake = Intake::open().await;
    intake.database.faults().inject(Fault::Delay(Duration::from_mins(1)).on_any());
    let headers = intake.headers(Provider::Stripe, BODY);
    let request = request(Provider::Stripe, &headers, BODY.as_bytes());
    let request = request.with_lambda_context(context(SystemTime::now() + Duration::from_millis(1_500)));
    send(&intake.router, request).await.problem(503);
}

/// The context of an invocation that ends then.
pub(crate) fn context(deadline: SystemTime) -> Context {
    let ms = deadline.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    let mut headers = HeaderMap::new();
    headers.insert("lambda-runtime-aws-request-id", "1".parse().expect("a value"));
    headers.insert("lambda-runtime-deadline-ms", ms.to_string().parse().expect("a value"));
    Context::new("1", Arc::default(), &headers).expect("a context")
}
