//! Bad signatures are limited, and events that are signed are not.

use axum::body::Body;
use axum::http::Request;
use lambda_http::RequestExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use local::testing::Redis;

use crate::intake::{Answer, BODY, BOTH, Intake, STANDARD_SECRET, STRIPE_SECRET, request, send};

/// With a limit of 60 in an hour, counted in L2.
async fn intake(redis: &Redis) -> Intake {
    Intake::with(&[
        ("STRIPE_WEBHOOK_SECRETS", STRIPE_SECRET),
        ("STANDARD_WEBHOOK_SECRETS", STANDARD_SECRET),
        ("RATE_LIMIT_WEBHOOK_FAILURES", "60/3600"),
        ("CACHE_URL", &redis.url()),
    ])
    .await
}

async fn send_from(intake: &Intake, address: &str, request: Request<Body>) -> Answer {
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.http.source_ip = Some(address.to_owned());
    send(&intake.router, request.with_request_context(RequestContext::ApiGatewayV2(context))).await
}

#[tokio::test]
async fn after_a_thousand_bad_signatures_a_good_one_is_served_all_the_same() {
    let redis = Redis::start().await;
    let intake = intake(&redis).await;
    let forged = intake.headers(BOTH[0], "another body");
    let mut refused = 0;
    for at in 0..1_000 {
        let provider = BOTH[at % 2];
        let headers = if at % 2 == 0 { forged.clone() } else { vec![] };
        let answer = send_from(&intake, "192.0.2.1", request(provider, &headers, BODY.as_bytes())).await;
        answer.problem(if at < 60 { 400 } else { 429 });
        refused += usize::from(answer.headers.contains_key("retry-after"));
    }
    assert_eq!(refused, 940);
    for provider in BOTH {
        let signed = request(provider, &intake.headers(provider, BODY), BODY.as_bytes());
        let kept = send_from(&intake, "192.0.2.1", signed).await;
        assert_eq!(kept.status, 200, "{}", kept.text);
        assert!(!kept.headers.contains_key("ratelimit"), "no limit applies to it");
    }
    let elsewhere = send_from(&intake, "198.51.100.1", request(BOTH[0], &forged, BODY.as_bytes())).await;
    elsewhere.problem(400);
    assert_eq!(intake.kept().await, 2);
}
