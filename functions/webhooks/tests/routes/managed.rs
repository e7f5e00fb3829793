//! Secrets in Secrets Manager: what changes there while the function runs, and what
//! happens while it cannot be asked.

use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use domain::Provider;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use lambda_http::RequestExt;
use local::provider::Signer;
use local::testing::Answer;
use tokio::net::TcpListener;
use tokio::time::{Duration, Instant};

use crate::faults::context;
use crate::hand::Hand;
use crate::intake::{BODY, Intake, STANDARD_SECRET, STRIPE_SECRET, request, router, send};
use crate::moto_server::{MotoServer, NAME};

const NEW: &str = "whsec_ffffffffffffffffffffffffffffffff";
const FORGER: &str = "whsec_eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

async fn intake(endpoint: &str) -> Intake {
    Intake::with(&[("WEBHOOK_SECRETS_ID", NAME), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint)]).await
}

/// Both, with one secret for each provider.
async fn set_up() -> (MotoServer, Intake) {
    let moto = MotoServer::start();
    moto.create(STRIPE_SECRET, STANDARD_SECRET).await;
    let intake = intake(&moto.endpoint()).await;
    (moto, intake)
}

/// What Stripe hears, or who says to be Stripe.
async fn stripe(intake: &Intake, secret: &str) -> Answer {
    let headers = Signer::stripe(secret).headers_of("", BODY.as_bytes(), intake.hand.now());
    intake.post(Provider::Stripe, &headers, BODY).await
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

#[tokio::test]
async fn the_secrets_are_found_by_name_and_asked_for_once_before_the_first_request() {
    let (moto, intake) = set_up().await;
    assert_eq!(moto.fetches(), 1);
    for _ in 0..3 {
        assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
        assert_eq!(intake.signed(Provider::Standard, BODY).await.status, 200);
    }
    assert_eq!(moto.fetches(), 1);
}

#[tokio::test]
async fn a_new_secret_is_known_at_its_first_signature() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    moto.rotate(&format!("{NEW},{STRIPE_SECRET}"), STANDARD_SECRET).await;
    intake.hand.pass(seconds(30));
    assert_eq!(stripe(&intake, NEW).await.status, 200);
    assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
    assert_eq!(moto.fetches(), 2);
}

#[tokio::test]
async fn secrets_that_are_seconds_old_are_not_asked_for_again() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    moto.rotate(NEW, STANDARD_SECRET).await;
    intake.hand.pass(seconds(29));
    stripe(&intake, NEW).await.problem(400);
    assert_eq!(moto.fetches(), 1);
}

#[tokio::test]
async fn forgeries_do_not_make_us_ask_at_each() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    for _ in 0..10 {
        intake.hand.pass(seconds(9));
        stripe(&intake, FORGER).await.problem(400);
    }
    assert_eq!(moto.fetches(), 3, "at 36 and 72 seconds");
    assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
}

#[tokio::test]
async fn old_timestamps_and_broken_headers_do_not_make_us_ask() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    intake.hand.pass(seconds(60));
    let then = intake.hand.now() - seconds(301);
    let headers = Signer::stripe(FORGER).headers_of("", BODY.as_bytes(), then);
    intake.post(Provider::Stripe, &headers, BODY).await.problem(400);
    intake.post(Provider::Stripe, &vec![], BODY).await.problem(400);
    assert_eq!(moto.fetches(), 1);
}

#[tokio::test]
async fn a_revoked_secret_is_taken_for_five_minutes_at_most() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    moto.rotate(NEW, STANDARD_SECRET).await;
    intake.hand.pass(seconds(299));
    assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
    intake.hand.pass(seconds(1));
    stripe(&intake, STRIPE_SECRET).await.problem(400);
    assert_eq!(stripe(&intake, NEW).await.status, 200);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_keep_a_revoked_secret() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    moto.rotate(NEW, STANDARD_SECRET).await;
    intake.hand.pass(seconds(-3_600));
    stripe(&intake, STRIPE_SECRET).await.problem(400);
}

#[tokio::test]
async fn requests_at_once_share_one_fetch() {
    let (moto, intake) = set_up().await;
    let first = join_all((0..50).map(|_| stripe(&intake, STRIPE_SECRET))).await;
    assert!(first.iter().all(|answer| answer.status == 200));
    assert_eq!(moto.fetches(), 1);
    moto.rotate(NEW, STANDARD_SECRET).await;
    intake.hand.pass(seconds(60));
    let second = join_all((0..50).map(|_| stripe(&intake, NEW))).await;
    assert!(second.iter().all(|answer| answer.status == 200));
    assert_eq!(moto.fetches(), 2);
}

#[tokio::test]
async fn secrets_that_were_never_had_are_503_until_they_are() {
    let port = MotoServer::start().stop();
    let intake = intake(&format!("http://127.0.0.1:{port}")).await;
    let refused = stripe(&intake, STRIPE_SECRET).await;
    refused.problem(503);
    assert_eq!(refused.headers["retry-after"], "1");
    assert!(!refused.text.contains("Secrets Manager"), "{}", refused.text);
    assert_eq!(intake.kept().await, 0);

    let moto = MotoServer::start_on(port);
    moto.create(STRIPE_SECRET, "").await;
    intake.hand.pass(seconds(1));
    assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
}

#[tokio::test]
async fn a_secret_that_does_not_exist_is_503() {
    let moto = MotoServer::start();
    let intake = intake(&moto.endpoint()).await;
    stripe(&intake, STRIPE_SECRET).await.problem(503);
}

#[tokio::test]
async fn secrets_that_cannot_be_had_anew_go_on_being_used() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    let port = moto.stop();
    intake.hand.pass(seconds(3_600));
    assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
    stripe(&intake, NEW).await.problem(400);

    let moto = MotoServer::start_on(port);
    moto.create(NEW, "").await;
    intake.hand.pass(seconds(30));
    stripe(&intake, STRIPE_SECRET).await.problem(400);
    assert_eq!(stripe(&intake, NEW).await.status, 200);
}

#[tokio::test]
async fn a_secrets_manager_that_refuses_is_not_asked_at_each_request() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    moto.delete().await;
    intake.hand.pass(seconds(300));
    for _ in 0..5 {
        assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
        stripe(&intake, FORGER).await.problem(400);
        intake.hand.pass(seconds(10));
    }
    assert_eq!(moto.fetches(), 3, "first, at 300 and at 330 seconds");
}

#[tokio::test]
async fn a_bad_list_leaves_the_other_provider_alone() {
    let moto = MotoServer::start();
    moto.create("whsec_short", STANDARD_SECRET).await;
    let intake = intake(&moto.endpoint()).await;
    stripe(&intake, STRIPE_SECRET).await.problem(503);
    assert_eq!(intake.signed(Provider::Standard, BODY).await.status, 200);
    moto.rotate(STRIPE_SECRET, STANDARD_SECRET).await;
    intake.hand.pass(seconds(1));
    assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200, "as soon as it is put right");
}

#[tokio::test]
async fn a_bad_value_does_not_replace_a_good_one() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    let bad_list =
        format!(r#"{{"STRIPE_WEBHOOK_SECRETS":7,"STANDARD_WEBHOOK_SECRETS":"{STANDARD_SECRET}"}}"#);
    for value in [NEW, "{}", &bad_list] {
        moto.put(value).await;
        intake.hand.pass(seconds(301));
        assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200, "{value}");
        assert_eq!(intake.signed(Provider::Standard, BODY).await.status, 200, "{value}");
    }
    assert_eq!(moto.fetches(), 4);
}

#[tokio::test]
async fn a_bad_value_is_asked_for_again_before_its_time() {
    let (moto, intake) = set_up().await;
    stripe(&intake, STRIPE_SECRET).await;
    moto.put("{}").await;
    intake.hand.pass(seconds(300));
    assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
    moto.rotate(NEW, STANDARD_SECRET).await;
    intake.hand.pass(seconds(30));
    stripe(&intake, STRIPE_SECRET).await.problem(400);
}

#[tokio::test]
async fn a_provider_whose_list_is_emptied_is_not_set_up_any_more() {
    let (moto, intake) = set_up().await;
    assert_eq!(stripe(&intake, STRIPE_SECRET).await.status, 200);
    moto.rotate("", STANDARD_SECRET).await;
    intake.hand.pass(seconds(300));
    stripe(&intake, STRIPE_SECRET).await.problem(404);
}

/// A function whose Secrets Manager takes calls and never answers.
async fn unanswered() -> (TcpListener, Hand, Router) {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("it is bound"));
    let environment = [
        ("TABLE_NAME", "none"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("WEBHOOK_SECRETS_ID", NAME),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoint),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let hand = Hand::at(Timestamp::now());
    let router = router(&environment, &hand).await.expect("the environment is complete");
    (silent, hand, router)
}

fn signed(hand: &Hand) -> Request<Body> {
    let headers = Signer::stripe(STRIPE_SECRET).headers_of("", BODY.as_bytes(), hand.now());
    request(Provider::Stripe, &headers, BODY.as_bytes())
}

/// The clock of these two is tokio's, which jumps to the next deadline when nothing
/// else is to do.
#[tokio::test(start_paused = true)]
async fn a_secrets_manager_that_never_answers_is_given_up_after_two_seconds() {
    let limit = Duration::from_millis(2_001);
    let start = Instant::now();
    let (_silent, hand, router) = unanswered().await;
    let init = start.elapsed();
    hand.pass(seconds(1));
    let start = Instant::now();
    send(&router, signed(&hand)).await.problem(503);
    let request = start.elapsed();
    assert!(init <= limit && request <= limit, "{init:?}, {request:?}");
    assert!(request >= limit / 2, "it is asked again: {request:?}");
}

#[tokio::test(start_paused = true)]
async fn and_before_the_invocations_time_is_over() {
    let (_silent, hand, router) = unanswered().await;
    hand.pass(seconds(1));
    let deadline = SystemTime::now() + Duration::from_secs(1);
    let start = Instant::now();
    send(&router, signed(&hand).with_lambda_context(context(deadline))).await.problem(503);
    let waited = start.elapsed();
    assert!(waited <= Duration::from_secs(1) && waited >= Duration::from_millis(100), "{waited:?}");
}
