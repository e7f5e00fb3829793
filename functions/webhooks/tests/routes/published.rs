//! Signatures that were published with what they sign.

use domain::Provider;
use jiff::Timestamp;
use local::provider::Signer;

use crate::hand::Hand;
use crate::intake::{Intake, STANDARD_SECRET, request, router, send};

/// The message of the Standard Webhooks libraries' own tests.
#[tokio::test]
async fn the_message_of_standard_webhooks_is_taken_at_its_time() {
    let intake = Intake::with(&[("STANDARD_WEBHOOK_SECRETS", STANDARD_SECRET)]).await;
    let hand = Hand::at(Timestamp::from_second(1_614_265_330).expect("a time"));
    let router = router(&intake.environment, &hand).await.expect("the environment is complete");
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let headers = headers.map(|(name, value)| (name, value.to_owned())).to_vec();
    let request = request(Provider::Standard, &headers, br#"{"test": 2432232314}"#);
    assert_eq!(send(&router, request).await.status, 200);
    assert_eq!(intake.event("standard/msg_p5jXN8AQM9LWM0D4loKWxJek").await.body, br#"{"test": 2432232314}"#);
}

/// The event of stripe-dotnet's own tests.
#[test]
fn the_played_provider_signs_stripes_event_as_published() {
    let at = Timestamp::from_second(1_533_204_620).expect("a time");
    let headers =
        Signer::stripe("webhook_secret").headers_of("", include_bytes!("published_stripe.json"), at);
    let signature = "t=1533204620,v1=f0bdba6d4eacbd8ad8a3bbadd7248e633ec1477f7899c124c51b39405fa36613";
    assert_eq!(headers, [("stripe-signature", signature.to_owned())]);
}
