//! Signatures are those of the providers' own libraries: theirs are taken here, ours
//! there, and both refuse the same forgeries.

use std::io::Write;
use std::process::{Command, Stdio};

use domain::{Currency, Money, OrderId, Provider};
use jiff::{SignedDuration, Timestamp};
use local::provider::{Event, Headers};
use serde_json::{Value, json};

use crate::intake::{BODY, BOTH, Intake, STANDARD_SECRET, STRIPE_SECRET, signer};
use crate::tools::tool;

/// What the libraries say to each case.
fn ask(cases: &[Value]) -> Vec<Value> {
    let mut python = Command::new(tool("python"))
        .args(["-c", include_str!("oracle.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut input = python.stdin.take().expect("it is piped");
    input.write_all(json!(cases).to_string().as_bytes()).expect("python reads");
    drop(input);
    let output = python.wait_with_output().expect("python ends");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("answers")
}

fn secret(provider: Provider) -> &'static str {
    match provider {
        Provider::Stripe => STRIPE_SECRET,
        Provider::Standard => STANDARD_SECRET,
    }
}

fn to_sign(provider: Provider, secret: &str, body: &str, at: Timestamp) -> Value {
    json!({"provider": provider, "secret": secret, "id": "msg_1", "body": body, "time": at.as_second()})
}

fn to_verify(provider: Provider, headers: &Headers, body: &str) -> Value {
    let headers: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    json!({"provider": provider, "secret": secret(provider), "headers": headers, "body": body})
}

/// Names as they are known here.
fn headers(signed: &Value) -> Headers {
    let known = ["stripe-signature", "webhook-id", "webhook-timestamp", "webhook-signature"];
    let value = |name: &'static str| Some((name, signed.get(name)?.as_str()?.to_owned()));
    known.into_iter().filter_map(value).collect()
}

fn bodies() -> Vec<String> {
    let order = OrderId::new("0193a1b2-0000-7000-8000-000000000001").expect("a UUID");
    let money = Money::new(510, Currency::GBP).expect("money");
    let event = Event::succeeded(&order, money).body();
    vec![
        event,
        BODY.to_owned(),
        "{}".to_owned(),
        "this is not valid JSON".to_owned(),
        "Crème brûlée ☕".to_owned(),
    ]
}

#[tokio::test]
async fn what_their_libraries_sign_is_taken() {
    let (intake, bodies) = (Intake::open().await, bodies());
    for provider in BOTH {
        let cases: Vec<_> =
            bodies.iter().map(|body| to_sign(provider, secret(provider), body, intake.hand.now())).collect();
        for (signed, body) in ask(&cases).iter().zip(&bodies) {
            let answer = intake.post(provider, &headers(signed), body).await;
            assert_eq!(answer.status, 200, "{provider}: {body}: {}", answer.text);
        }
    }
}

#[test]
fn what_the_played_provider_signs_is_taken_by_their_libraries() {
    let now = Timestamp::now();
    let bodies = bodies();
    let cases = BOTH.iter().flat_map(|provider| {
        bodies.iter().map(|body| {
            to_verify(*provider, &signer(*provider).headers_of("msg_1", body.as_bytes(), now), body)
        })
    });
    let answers = ask(&cases.collect::<Vec<_>>());
    assert_eq!(answers, vec![true; bodies.len() * 2]);
}

#[test]
fn the_played_provider_signs_byte_for_byte_as_their_libraries_do() {
    let now = Timestamp::now();
    for provider in BOTH {
        let signed = ask(&[to_sign(provider, secret(provider), BODY, now)]);
        assert_eq!(headers(&signed[0]), signer(provider).headers_of("msg_1", BODY.as_bytes(), now));
    }
}

/// Forgeries, and near misses that are none; whether a library takes them.
fn attempts(provider: Provider, now: Timestamp) -> Vec<(&'static str, Headers, String, bool)> {
    let signed = |secret: &str, seconds: i64| {
        headers(&ask(&[to_sign(provider, secret, BODY, now + SignedDuration::from_secs(seconds))])[0])
    };
    let good = signed(secret(provider), 0);
    let name = good.last().expect("a signature").0;
    let with = |change: &dyn Fn(&str) -> String| {
        let mut headers = good.clone();
        let signature = headers.last_mut().expect("a signature");
        signature.1 = change(&signature.1);
        headers
    };
    let without = |name: &str| good.iter().filter(|(known, _)| *known != name).cloned().collect::<Headers>();
    let other = match provider {
        Provider::Stripe => "whsec_ffffffffffffffffffffffffffffffff",
        Provider::Standard => "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
    };
    let again = |header: &str| match provider {
        Provider::Stripe => format!("{header},v1=bad_signature"),
        Provider::Standard => format!("{header} v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="),
    };
    let body = || BODY.to_owned();
    vec![
        ("as signed", good.clone(), body(), true),
        ("a bad signature beside the good one", with(&again), body(), true),
        ("another secret", signed(other, 0), body(), false),
        ("an old timestamp", signed(secret(provider), -310), body(), false),
        // Stripe's library has nothing against the future.
        ("a timestamp ahead", signed(secret(provider), 310), body(), provider == Provider::Stripe),
        ("one byte changed", good.clone(), BODY.replace("rdr_123", "rdr_124"), false),
        (
            "serialised again",
            good.clone(),
            serde_json::from_str::<Value>(BODY).expect("JSON").to_string(),
            false,
        ),
        ("no signature", without(name), body(), false),
        ("no headers", vec![], body(), false),
        ("another version", with(&|header| header.replace("v1", "v0")), body(), false),
        ("cut off", with(&|header| header[..header.len() - 8].to_owned()), body(), false),
    ]
}

#[tokio::test]
async fn forgeries_are_refused_as_their_libraries_refuse_them() {
    let intake = Intake::open().await;
    for provider in BOTH {
        let attempts = attempts(provider, intake.hand.now());
        let cases: Vec<_> =
            attempts.iter().map(|(_, headers, body, _)| to_verify(provider, headers, body)).collect();
        let theirs = ask(&cases);
        for ((what, headers, body, taken), theirs) in attempts.iter().zip(theirs) {
            assert_eq!(theirs, *taken, "{provider}, their library: {what}");
            let ours = intake.post(provider, headers, body).await.status;
            let taken = *taken && *what != "a timestamp ahead";
            assert_eq!(ours, if taken { 200 } else { 400 }, "{provider}: {what}");
        }
    }
}
