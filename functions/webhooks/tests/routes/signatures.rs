//! Which signatures are taken, for which bytes, at which time, under which secrets.

use domain::Provider;
use jiff::SignedDuration;
use local::provider::{Headers, Signer};

use crate::intake::{BODY, BOTH, Intake, STANDARD_SECRET, STRIPE_SECRET, signer};

const OTHER_STRIPE: &str = "whsec_ffffffffffffffffffffffffffffffff";
const OTHER_STANDARD: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

/// Signed so many seconds from now.
fn signed_at(intake: &Intake, provider: Provider, seconds: i64) -> Headers {
    let at = intake.hand.now() + SignedDuration::from_secs(seconds);
    signer(provider).headers_of("msg_1", BODY.as_bytes(), at)
}

#[tokio::test]
async fn a_signature_is_good_for_300_seconds_either_way() {
    let intake = Intake::open().await;
    // On the second, so that exactly 300 can be had.
    let into_second = intake.hand.now().subsec_nanosecond();
    intake.hand.pass(-SignedDuration::from_nanos(into_second.into()));
    for provider in BOTH {
        for (seconds, detail) in [
            (-301, Some("the timestamp is more than 300 seconds old")),
            (-300, None),
            (300, None),
            (301, Some("the timestamp is more than 300 seconds ahead")),
        ] {
            let answer = intake.post(provider, &signed_at(&intake, provider, seconds), BODY).await;
            assert_eq!(answer.status, if detail.is_some() { 400 } else { 200 }, "{seconds}");
            assert_eq!(answer.body["detail"].as_str(), detail);
        }
        intake.hand.pass(SignedDuration::from_millis(1));
        let answer = intake.post(provider, &signed_at(&intake, provider, -300), BODY).await;
        assert_eq!(answer.status, 400, "a millisecond more");
        intake.hand.pass(SignedDuration::from_millis(-1));
    }
}

#[tokio::test]
async fn a_time_that_no_calendar_has_is_ahead() {
    let intake = Intake::open().await;
    let header = format!("t={},v1={}", i64::MAX, "0".repeat(64));
    let answer = intake.post(Provider::Stripe, &vec![("stripe-signature", header)], BODY).await;
    assert_eq!(answer.body["detail"], "the timestamp is more than 300 seconds ahead");
}

#[tokio::test]
async fn a_body_that_was_changed_in_any_way_is_not_the_one_that_was_signed() {
    let intake = Intake::open().await;
    let serialised = serde_json::from_str::<serde_json::Value>(BODY).expect("JSON").to_string();
    for provider in BOTH {
        let headers = intake.headers(provider, BODY);
        let one_byte = BODY.replace("rdr_123", "rdr_124");
        for body in [&one_byte, &serialised, &format!("{BODY}\n"), &BODY[1..].to_owned(), &String::new()] {
            let answer = intake.post(provider, &headers, body).await;
            answer.problem(400);
            assert_eq!(answer.body["detail"], "no signature matches the body");
        }
        assert_eq!(intake.post(provider, &headers, BODY).await.status, 200);
    }
}

#[tokio::test]
async fn one_good_signature_among_bad_ones_is_enough() {
    let intake = Intake::open().await;
    let good = intake.headers(Provider::Stripe, BODY)[0].1.clone();
    let (time, signature) = good.split_once(',').expect("a time and a signature");
    for header in [
        format!("{time},v1=bad_signature,{signature}"),
        format!("{time},{signature},v1={}", "0".repeat(64)),
        format!("{time},v0={},{signature},tv=x", "0".repeat(64)),
        format!("{signature},{time}"),
    ] {
        let answer = intake.post(Provider::Stripe, &vec![("stripe-signature", header.clone())], BODY).await;
        assert_eq!(answer.status, 200, "{header}");
    }
    let headers = intake.headers(Provider::Standard, BODY);
    let good = &headers[2].1;
    for header in [
        format!("v1,AAAA {good}"),
        format!("{good} v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="),
        format!(
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== {good}"
        ),
    ] {
        let mut headers = headers.clone();
        headers[2].1.clone_from(&header);
        assert_eq!(intake.post(Provider::Standard, &headers, BODY).await.status, 200, "{header}");
    }
}

#[tokio::test]
async fn hexadecimal_is_in_lower_case() {
    let intake = Intake::open().await;
    let good = intake.headers(Provider::Stripe, BODY)[0].1.clone();
    let shouted = good.to_uppercase().replace("T=", "t=").replace("V1=", "v1=");
    intake.post(Provider::Stripe, &vec![("stripe-signature", shouted)], BODY).await.problem(400);
}

#[tokio::test]
async fn any_of_several_secrets_may_have_signed() {
    let intake = Intake::with(&[
        ("STRIPE_WEBHOOK_SECRETS", &format!("{OTHER_STRIPE}, {STRIPE_SECRET}")),
        ("STANDARD_WEBHOOK_SECRETS", &format!("{OTHER_STANDARD},{STANDARD_SECRET}")),
    ])
    .await;
    for (provider, other) in [(Provider::Stripe, OTHER_STRIPE), (Provider::Standard, OTHER_STANDARD)] {
        assert_eq!(intake.signed(provider, BODY).await.status, 200);
        let other = Signer::new(provider, other).expect("a secret");
        let headers = other.headers_of("msg_1", BODY.as_bytes(), intake.hand.now());
        assert_eq!(intake.post(provider, &headers, BODY).await.status, 200);
    }
}

#[tokio::test]
async fn a_secret_is_its_own_providers_alone() {
    let intake = Intake::open().await;
    let stripe = Signer::stripe(STANDARD_SECRET).headers_of("", BODY.as_bytes(), intake.hand.now());
    intake.post(Provider::Stripe, &stripe, BODY).await.problem(400);
    let swapped = intake.headers(Provider::Standard, BODY);
    intake.post(Provider::Stripe, &swapped, BODY).await.problem(400);
}

#[tokio::test]
async fn stripes_prefix_belongs_to_the_secret_and_the_other_ones_does_not() {
    let bare = |secret: &str| secret.trim_start_matches("whsec_").to_owned();
    let intake = Intake::with(&[
        ("STRIPE_WEBHOOK_SECRETS", &bare(STRIPE_SECRET)),
        ("STANDARD_WEBHOOK_SECRETS", &bare(STANDARD_SECRET)),
    ])
    .await;
    intake.signed(Provider::Stripe, BODY).await.problem(400);
    assert_eq!(intake.signed(Provider::Standard, BODY).await.status, 200);
}
