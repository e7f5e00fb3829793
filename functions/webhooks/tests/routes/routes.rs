//! Which paths and methods there are.

use axum::body::Body;
use axum::http::Request;

use crate::intake::{BODY, BOTH, Intake, STANDARD_SECRET, STRIPE_SECRET, send};

#[tokio::test]
async fn an_unknown_provider_is_not_found_in_every_method() {
    let intake = Intake::open().await;
    for path in ["/api/webhooks/paypal", "/api/webhooks", "/api/webhooks/stripe/1", "/api/webhooks/Stripe"] {
        for method in ["POST", "GET", "DELETE"] {
            let request = Request::builder().method(method).uri(path).body(Body::from(BODY));
            send(&intake.router, request.expect("a request")).await.problem(404);
        }
    }
}

#[tokio::test]
async fn a_wrong_method_says_which_is_right() {
    let intake = Intake::open().await;
    for provider in BOTH {
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            let request = Request::builder().method(method).uri(format!("/api/webhooks/{provider}"));
            let answer = send(&intake.router, request.body(Body::empty()).expect("a request")).await;
            assert_eq!((answer.status, &answer.headers["allow"]), (405, &"POST".parse().expect("a value")));
        }
    }
}

#[tokio::test]
async fn a_provider_without_secrets_is_not_set_up() {
    for (set_up, list, secret, other) in [
        (BOTH[0], "STRIPE_WEBHOOK_SECRETS", STRIPE_SECRET, BOTH[1]),
        (BOTH[1], "STANDARD_WEBHOOK_SECRETS", STANDARD_SECRET, BOTH[0]),
    ] {
        let intake = Intake::with(&[(list, secret)]).await;
        assert_eq!(intake.signed(set_up, BODY).await.status, 200);
        intake.signed(other, BODY).await.problem(404);
        intake.post(other, &vec![], BODY).await.problem(404);
    }
}
