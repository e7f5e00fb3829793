//! Bodies are kept as they came, whatever they are.

use axum::body::Body;
use axum::http::Request;
use domain::Provider;

use crate::intake::{BODY, BOTH, Intake, request, send, signer};

const LIMIT: usize = 262_144;

#[tokio::test]
async fn an_event_is_kept_byte_for_byte_under_its_providers_name() {
    let intake = Intake::open().await;
    for (provider, key) in
        [(Provider::Stripe, "stripe/evt_test_webhook"), (Provider::Standard, "standard/msg_1")]
    {
        let answer = intake.signed(provider, BODY).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"received":true,"duplicate":false}"#));
        let event = intake.event(key).await;
        assert_eq!(event.body, BODY.as_bytes());
        assert_eq!(event.received_at, intake.hand.now());
    }
    assert_eq!(intake.kept().await, 2);
}

#[tokio::test]
async fn a_body_of_256_kilobytes_passes_and_one_byte_more_does_not() {
    let intake = Intake::open().await;
    for provider in BOTH {
        let mut body = format!("{BODY}{}", " ".repeat(LIMIT - BODY.len()));
        assert_eq!(intake.signed(provider, &body).await.status, 200);
        body.push(' ');
        let answer = intake.signed(provider, &body).await;
        answer.problem(413);
        assert_eq!(answer.body["detail"], "the body must have at most 262144 bytes");
    }
}

#[tokio::test]
async fn a_long_body_is_refused_before_its_signature_is_looked_at() {
    let intake = Intake::open().await;
    intake.post(Provider::Stripe, &vec![], &" ".repeat(LIMIT + 1)).await.problem(413);
    intake.post(Provider::Stripe, &vec![], &" ".repeat(LIMIT)).await.problem(400);
}

#[tokio::test]
async fn a_signed_body_that_is_no_json_is_kept_under_its_digest() {
    let intake = Intake::open().await;
    // printf 'not JSON' | sha256sum, and of the bytes FF FE
    for (body, digest) in [
        (&b"not JSON"[..], "62b8125a6f6d924ec53345b5fcd58ca3ed3f5e7d51e2e146e5f1346508acce69"),
        (b"\xff\xfe", "b3d510ef04275ca8e698e5b3cbb0ece3949ef9252f0cdc839e9ee347409a2209"),
    ] {
        let headers = signer(Provider::Stripe).headers_of("", body, intake.hand.now());
        let answer = send(&intake.router, request(Provider::Stripe, &headers, body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(intake.event(&format!("stripe/sha256:{digest}")).await.body, body);
    }
}

#[tokio::test]
async fn a_strange_message_id_is_kept_under_its_digest() {
    let intake = Intake::open().await;
    for id in ["msg 1", "msg/1", "msg#1", &"m".repeat(129)] {
        let headers = signer(Provider::Standard).headers_of(id, BODY.as_bytes(), intake.hand.now());
        let answer = intake.post(Provider::Standard, &headers, BODY).await;
        assert_eq!((answer.status, &answer.body["duplicate"]), (200, &false.into()), "{id}");
        let again = intake.post(Provider::Standard, &headers, BODY).await;
        assert_eq!((again.status, &again.body["duplicate"]), (200, &true.into()), "{id}");
    }
    assert_eq!(intake.kept().await, 4);
}

#[tokio::test]
async fn no_content_type_is_asked_for() {
    let intake = Intake::open().await;
    for (at, kind) in ["application/json", "text/plain", "application/octet-stream", "x"].iter().enumerate() {
        let mut headers = signer(Provider::Standard).headers_of(&at.to_string(), b"{}", intake.hand.now());
        headers.push(("content-type", (*kind).to_owned()));
        assert_eq!(intake.post(Provider::Standard, &headers, "{}").await.status, 200, "{kind}");
    }
}

/// API Gateway sends base64 for bodies whose type it does not know as text.
#[tokio::test]
async fn a_body_in_base64_is_verified_as_the_bytes_that_were_sent() {
    let intake = Intake::open().await;
    for name in ["stripe", "stripe-base64"] {
        let event = std::fs::read_to_string(format!("events/{name}.json")).expect("a payload");
        let request = lambda_http::request::from_str(&event).expect("a request");
        let (mut parts, body) = request.into_parts();
        let headers = signer(Provider::Stripe).headers_of("", &body, intake.hand.now());
        parts.headers.insert("stripe-signature", headers[0].1.parse().expect("a value"));
        let answer = send(&intake.router, Request::from_parts(parts, Body::from(body.to_vec()))).await;
        assert_eq!((answer.status, &answer.body["duplicate"]), (200, &(name != "stripe").into()), "{name}");
    }
    let kept = intake.event("stripe/evt_1NG8Du2eZvKYlo2CUI79vXWy").await;
    assert!(kept.body.starts_with(br#"{"id":"evt_1NG8Du2eZvKYlo2CUI79vXWy""#));
}
