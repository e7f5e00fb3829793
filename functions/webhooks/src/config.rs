//! The function's settings, read and checked once at boot.

use api::{Policy, Quota};
use domain::Provider;

use crate::secrets::{BadSecrets, Keyring, variable_of};

/// Settings of the function.
#[derive(Debug)]
pub(crate) struct Config {
    /// The table.
    pub(crate) store: store::Config,
    /// Where the providers' secrets are.
    pub(crate) secrets: Source,
    /// `RATE_LIMIT_WEBHOOK_FAILURES`, default 60/60: what comes from one address with a
    /// bad signature. Events that are signed are not limited.
    pub(crate) failures: Policy,
}

/// Where the providers' secrets are.
#[derive(Debug)]
pub(crate) enum Source {
    /// In `STRIPE_WEBHOOK_SECRETS` and `STANDARD_WEBHOOK_SECRETS`: each a list with
    /// commas, of which any secret may sign; empty for a provider that is not set up.
    Environment(Keyring),
    /// In AWS Secrets Manager.
    SecretsManager {
        /// `WEBHOOK_SECRETS_ID`: name or ARN of one secret, whose value is a JSON
        /// object with the two lists under the names of those variables.
        id: String,
        /// `AWS_ENDPOINT_URL_SECRETS_MANAGER`: another endpoint than the region's own.
        endpoint: Option<String>,
    },
}

/// A setting that is missing or makes no sense.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The table's settings make no sense.
    #[error(transparent)]
    Store(#[from] store::ConfigError),
    /// The rate limit makes no sense.
    #[error(transparent)]
    Api(#[from] api::ConfigError),
    /// A secret is none.
    #[error(transparent)]
    Secrets(#[from] BadSecrets),
    /// No provider could ever send anything.
    #[error(
        "there are no secrets of webhooks: set WEBHOOK_SECRETS_ID, or STRIPE_WEBHOOK_SECRETS and \
         STANDARD_WEBHOOK_SECRETS"
    )]
    NoSecrets,
    /// It would be unclear which ones hold.
    #[error(
        "WEBHOOK_SECRETS_ID names secrets, and STRIPE_WEBHOOK_SECRETS or STANDARD_WEBHOOK_SECRETS holds \
         some: set one or the other"
    )]
    TwoSources,
}

impl Config {
    /// Reads the settings from the variables of an environment.
    ///
    /// # Errors
    /// The first setting that is missing or makes no sense.
    pub(crate) fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let secrets = Source::read(variable)?;
        let failures = Policy::read(variable, "RATE_LIMIT_WEBHOOK_FAILURES", Quota::new(60, 60))?;
        Ok(Self { store: store::Config::read(variable)?, secrets, failures })
    }
}

impl Source {
    fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name| variable(name).filter(|text| !text.is_empty());
        let lists = [Provider::Stripe, Provider::Standard].map(|provider| optional(variable_of(provider)));
        match (optional("WEBHOOK_SECRETS_ID"), lists) {
            (Some(id), [None, None]) => {
                Ok(Self::SecretsManager { id, endpoint: optional("AWS_ENDPOINT_URL_SECRETS_MANAGER") })
            }
            (Some(_), _) => Err(ConfigError::TwoSources),
            (None, [stripe, standard]) => {
                let [stripe, standard] = [stripe, standard].map(Option::unwrap_or_default);
                let keyring = Keyring::read(&stripe, &standard)?;
                if keyring.is_empty() { Err(ConfigError::NoSecrets) } else { Ok(Self::Environment(keyring)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRIPE: (&str, &str) = ("STRIPE_WEBHOOK_SECRETS", "whsec_0123456789abcdef0123456789abcdef");
    const STANDARD: (&str, &str) = (
        "STANDARD_WEBHOOK_SECRETS",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    );
    const ID: (&str, &str) = ("WEBHOOK_SECRETS_ID", "shop/webhooks");

    fn read(settings: &[(&str, &str)]) -> Result<Source, ConfigError> {
        let given = |name: &str| settings.iter().find(|(known, _)| *known == name);
        Source::read(&|name| given(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn secrets_come_from_the_environment_or_by_name() {
        assert!(matches!(read(&[ID]).expect("good"), Source::SecretsManager { id, .. } if id == ID.1));
        for settings in [&[STRIPE][..], &[STANDARD], &[STRIPE, STANDARD, ("WEBHOOK_SECRETS_ID", "")]] {
            assert!(matches!(read(settings).expect("good"), Source::Environment(_)), "{settings:?}");
        }
    }

    #[test]
    fn neither_and_both_are_refused() {
        for settings in [&[][..], &[("STRIPE_WEBHOOK_SECRETS", "")], &[("STRIPE_WEBHOOK_SECRETS", " , ")]] {
            assert!(matches!(read(settings), Err(ConfigError::NoSecrets)), "{settings:?}");
        }
        for list in [STRIPE, STANDARD] {
            assert!(matches!(read(&[ID, list]), Err(ConfigError::TwoSources)));
        }
    }

    #[test]
    fn a_bad_secret_is_named_and_not_shown() {
        let short = "whsec_0123456789abcdef012345678";
        for (settings, reason) in [
            (
                ("STRIPE_WEBHOOK_SECRETS", format!("{},{short}", STRIPE.1)),
                "secret 2 of STRIPE_WEBHOOK_SECRETS must have at least 32 characters",
            ),
            (
                ("STANDARD_WEBHOOK_SECRETS", "MfKQ".repeat(7)),
                "secret 1 of STANDARD_WEBHOOK_SECRETS must be base64 of 24 to 64 bytes",
            ),
            (
                ("STANDARD_WEBHOOK_SECRETS", "A".repeat(88)),
                "secret 1 of STANDARD_WEBHOOK_SECRETS must be base64 of 24 to 64 bytes",
            ),
            (
                ("STANDARD_WEBHOOK_SECRETS", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-".to_owned()),
                "secret 1 of STANDARD_WEBHOOK_SECRETS must be base64, after whsec_ or alone",
            ),
        ] {
            let error = read(&[(settings.0, &settings.1)]).expect_err("refused");
            assert_eq!(error.to_string(), reason);
            assert!(!format!("{error:?}").contains("MfKQ"), "{error:?}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", read(&[STRIPE, STANDARD]).expect("good"));
        assert!(!shown.contains("0123456789abcdef") && !shown.contains("MfKQ"), "{shown}");
    }
}
