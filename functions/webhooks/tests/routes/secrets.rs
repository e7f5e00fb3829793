//! Which secrets let the function start.

use crate::hand::Hand;
use crate::intake::{Intake, router};

#[tokio::test]
async fn the_function_does_not_start_on_secrets_that_are_none_or_unclear() {
    let intake = Intake::open().await;
    for (settings, reason) in [
        (
            [("STRIPE_WEBHOOK_SECRETS", ""), ("STANDARD_WEBHOOK_SECRETS", "")],
            "there are no secrets of webhooks",
        ),
        (
            [("WEBHOOK_SECRETS_ID", "shop"), ("STANDARD_WEBHOOK_SECRETS", "")],
            "WEBHOOK_SECRETS_ID names secrets",
        ),
        (
            [("STRIPE_WEBHOOK_SECRETS", "whsec_short"), ("STANDARD_WEBHOOK_SECRETS", "")],
            "secret 1 of STRIPE_WEBHOOK_SECRETS must have at least 32 characters",
        ),
        (
            [("STRIPE_WEBHOOK_SECRETS", ""), ("STANDARD_WEBHOOK_SECRETS", "whsec_?")],
            "secret 1 of STANDARD_WEBHOOK_SECRETS must be base64",
        ),
    ] {
        let mut environment = intake.environment.clone();
        environment.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let error = router(&environment, &Hand::at(intake.hand.now())).await.map(drop);
        let error = error.expect_err("refused").to_string();
        assert!(error.starts_with(reason), "{error}");
    }
}
