//! What the played provider signs with and the functions verify with.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use base64::prelude::{BASE64_STANDARD, Engine};
use domain::Provider;

use crate::secret::Secret;

/// The lists of secrets of each provider, as the functions read them.
#[derive(Clone)]
pub struct Secrets {
    stripe: String,
    standard: String,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// New ones, at random.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn random() -> Result<Self> {
        Ok(Self { stripe: text(&Secret::random()?), standard: text(&Secret::random()?) })
    }

    /// Those of this clone, made at their first use; or what the environment has
    /// for `STRIPE_WEBHOOK_SECRETS` and `STANDARD_WEBHOOK_SECRETS`.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn of_clone(state: &Path) -> Result<Self> {
        Self::of_environment(state, |name| std::env::var(name).ok())
    }

    fn of_environment(state: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let list = |name, file| match variable(name).filter(|list| !list.is_empty()) {
            Some(list) => Ok(list),
            None => Secret::kept(&state.join(file)).map(|secret| text(&secret)),
        };
        Ok(Self {
            stripe: list("STRIPE_WEBHOOK_SECRETS", "stripe-webhooks.key")?,
            standard: list("STANDARD_WEBHOOK_SECRETS", "standard-webhooks.key")?,
        })
    }

    /// A provider's list, with commas.
    pub fn list(&self, provider: Provider) -> &str {
        match provider {
            Provider::Stripe => &self.stripe,
            Provider::Standard => &self.standard,
        }
    }

    /// The secret that a provider signs with: the first of its list.
    pub fn of(&self, provider: Provider) -> &str {
        self.list(provider).split(',').next().unwrap_or_default().trim()
    }
}

/// As both kinds of providers write their secrets.
fn text(secret: &Secret) -> String {
    format!("whsec_{}", BASE64_STANDARD.encode(secret.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_clone_has_secrets_of_its_own_unless_the_environment_has_some() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let of = |folder: &tempfile::TempDir| Secrets::of_environment(folder.path(), |_| None).unwrap();
        for provider in [Provider::Stripe, Provider::Standard] {
            assert_eq!(of(&one).list(provider), of(&one).list(provider));
            assert_ne!(of(&one).list(provider), of(&two).list(provider));
        }
        assert_ne!(of(&one).of(Provider::Stripe), of(&one).of(Provider::Standard));
        let variable =
            |name: &str| (name == "STRIPE_WEBHOOK_SECRETS").then(|| "whsec_new, whsec_old".to_owned());
        let given = Secrets::of_environment(one.path(), variable).unwrap();
        assert_eq!(given.of(Provider::Stripe), "whsec_new");
        assert_eq!(given.list(Provider::Stripe), "whsec_new, whsec_old");
        assert_eq!(given.of(Provider::Standard), of(&one).of(Provider::Standard));
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(format!("{:?}", Secrets::random().unwrap()), "Secrets");
    }
}
