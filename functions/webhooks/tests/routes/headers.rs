//! Headers that are refused, in which words, and that none of it is kept.

use domain::Provider;
use local::provider::Headers;

use crate::intake::{BODY, Intake};

/// Sends a good request with one header changed, and returns what it heard.
async fn refused(intake: &Intake, provider: Provider, name: &'static str, value: Option<&str>) -> String {
    let mut headers = intake.headers(provider, BODY);
    headers.retain(|(known, _)| *known != name);
    headers.extend(value.map(|value| (name, value.to_owned())));
    told(intake, provider, &headers).await
}

async fn told(intake: &Intake, provider: Provider, headers: &Headers) -> String {
    let answer = intake.post(provider, headers, BODY).await;
    answer.problem(400);
    answer.body["detail"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn a_header_of_stripes_that_cannot_be_read_says_what_is_wrong() {
    let intake = Intake::open().await;
    let now = intake.hand.now().as_second();
    let mac = "5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd";
    let form = "the header stripe-signature must have the form t=SECONDS,v1=HEX";
    let time = "the timestamp in stripe-signature must be a decimal number of Unix seconds";
    let none = "the header stripe-signature holds no v1 signature";
    for (header, reason) in [
        (None, "the header stripe-signature is missing"),
        (Some(String::new()), form),
        (Some("bad_header".to_owned()), form),
        (Some("i'm not even a real signature header".to_owned()), form),
        (Some(format!("v1={mac}")), form),
        (Some(format!("t={now},t={now},v1={mac}")), form),
        (Some(format!("t={now},t={},v1={mac}", now + 1)), form),
        (Some(format!("t={now},v1={mac},")), form),
        (Some(format!("t=,v1={mac}")), time),
        (Some(format!("t=+{now},v1={mac}")), time),
        (Some(format!("t=0{now},v1={mac}")), time),
        (Some(format!("t={now}.0,v1={mac}")), time),
        (Some(format!("t= {now},v1={mac}")), time),
        (Some(format!("t=-{now},v1={mac}")), time),
        (Some(format!("t=99999999999999999999,v1={mac}")), time),
        (Some(format!("t={now}")), none),
        (Some(format!("t={now},v0={mac}")), none),
        (Some(format!("t={now},V1={mac}")), none),
        (
            Some(format!("t={now}{}", format!(",v1={mac}").repeat(17))),
            "the header stripe-signature holds more than 16 signatures",
        ),
        (Some(format!("t={now},v1={mac}")), "no signature matches the body"),
        (Some(format!("t={now},v1=")), "no signature matches the body"),
        (Some(format!("t={now},v1=bad_signature")), "no signature matches the body"),
    ] {
        let heard = refused(&intake, Provider::Stripe, "stripe-signature", header.as_deref()).await;
        assert_eq!(heard, reason, "{header:?}");
    }
    assert_eq!(intake.kept().await, 0);
}

#[tokio::test]
async fn headers_of_standard_webhooks_that_cannot_be_read_say_what_is_wrong() {
    let intake = Intake::open().await;
    let now = intake.hand.now().as_second().to_string();
    let mac = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let time = "the timestamp in webhook-timestamp must be a decimal number of Unix seconds";
    let none = "the header webhook-signature holds no v1 signature";
    for (name, value, reason) in [
        ("webhook-id", None, "the header webhook-id is missing"),
        ("webhook-id", Some(String::new()), "the header webhook-id must not be empty"),
        ("webhook-id", Some("msg_2".to_owned()), "no signature matches the body"),
        ("webhook-timestamp", None, "the header webhook-timestamp is missing"),
        ("webhook-timestamp", Some("hello".to_owned()), time),
        ("webhook-timestamp", Some(format!("{now}.5")), time),
        ("webhook-timestamp", Some(format!("{now},{now}")), time),
        ("webhook-signature", None, "the header webhook-signature is missing"),
        ("webhook-signature", Some(String::new()), none),
        ("webhook-signature", Some(format!("v1a,{mac} v2,{mac}")), none),
        (
            "webhook-signature",
            Some(mac.to_owned()),
            "the header webhook-signature must have the form v1,BASE64",
        ),
        ("webhook-signature", Some("v1,".to_owned()), "no signature matches the body"),
        ("webhook-signature", Some(format!("v1,{mac}")), "no signature matches the body"),
        (
            "webhook-signature",
            Some(format!("v1,{mac} ").repeat(17)),
            "the header webhook-signature holds more than 16 signatures",
        ),
    ] {
        let heard = refused(&intake, Provider::Standard, name, value.as_deref()).await;
        assert_eq!(heard, reason, "{name}: {value:?}");
    }
    assert_eq!(intake.kept().await, 0);
}

#[tokio::test]
async fn a_header_that_comes_twice_is_refused_also_if_both_are_good() {
    let intake = Intake::open().await;
    for (provider, name) in [
        (Provider::Stripe, "stripe-signature"),
        (Provider::Standard, "webhook-id"),
        (Provider::Standard, "webhook-timestamp"),
        (Provider::Standard, "webhook-signature"),
    ] {
        let mut headers = intake.headers(provider, BODY);
        let again = headers.iter().find(|(known, _)| *known == name).expect("it is there").clone();
        headers.push(again);
        assert_eq!(told(&intake, provider, &headers).await, format!("the header {name} must come once"));
    }
}

#[tokio::test]
async fn what_is_refused_is_not_repeated() {
    let intake = Intake::open().await;
    let headers = vec![("stripe-signature", "t=tell-nobody,v1=this-secret".to_owned())];
    let answer = intake.post(Provider::Stripe, &headers, "a body with a name in it").await;
    for text in ["tell-nobody", "this-secret", "a body"] {
        assert!(!answer.text.contains(text), "{}", answer.text);
    }
}
