//! The secrets of all providers, as their lists are read.

use std::sync::Arc;

use domain::Provider;
use serde_json::{Map, Value};

use crate::signature::{BadSecret, Key};

/// The secrets of one provider; several while they change.
pub(crate) type Keys = Arc<[Key]>;

/// The secrets of each provider; none of one whose list could not be read yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keyring {
    stripe: Option<Keys>,
    standard: Option<Keys>,
}

/// What is wrong with a list of secrets. Nothing of it is repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSecrets {
    /// One of them is none.
    #[error("secret {position} of {list} {reason}")]
    Secret {
        /// Which one, from 1.
        position: usize,
        /// Whose.
        list: &'static str,
        /// Which rule it breaks.
        reason: BadSecret,
    },
    /// A list is no text.
    #[error("{0} must be a text of secrets with commas between them")]
    NotText(&'static str),
    /// A list is not there: it may have been lost in an edit.
    #[error("{0} is missing: it must be there, and empty for a provider that is not set up")]
    Missing(&'static str),
    /// There are no lists to read.
    #[error("the value must be a JSON object with STRIPE_WEBHOOK_SECRETS and STANDARD_WEBHOOK_SECRETS")]
    NoLists,
}

/// What a provider's list is called, in the environment and in Secrets Manager.
pub(crate) const fn variable_of(provider: Provider) -> &'static str {
    match provider {
        Provider::Stripe => "STRIPE_WEBHOOK_SECRETS",
        Provider::Standard => "STANDARD_WEBHOOK_SECRETS",
    }
}

impl Keyring {
    /// Reads both lists.
    ///
    /// # Errors
    /// The first secret that is none.
    pub(crate) fn read(stripe: &str, standard: &str) -> Result<Self, BadSecrets> {
        let stripe = Some(keys(Provider::Stripe, stripe)?);
        Ok(Self { stripe, standard: Some(keys(Provider::Standard, standard)?) })
    }

    /// Takes what a value in Secrets Manager holds: of each list what is good of it,
    /// so that one slip keeps no revoked secret alive. A list of which nothing is
    /// good leaves its provider's secrets as they were, and the other's alone.
    pub(super) fn take(&mut self, value: &str) -> Vec<BadSecrets> {
        let Some(lists) = lists(value) else {
            return vec![BadSecrets::NoLists];
        };
        let mut amiss = Vec::new();
        for provider in [Provider::Stripe, Provider::Standard] {
            let (good, bad) = list(&lists, provider);
            if !good.is_empty() || bad.is_empty() {
                *self.place(provider) = Some(good.into());
            }
            amiss.extend(bad);
        }
        amiss
    }

    /// A provider's secrets; an empty list if it is not set up.
    pub(crate) fn of(&self, provider: Provider) -> Option<Keys> {
        match provider {
            Provider::Stripe => self.stripe.clone(),
            Provider::Standard => self.standard.clone(),
        }
    }

    /// Whether no provider has a secret.
    pub(crate) fn is_empty(&self) -> bool {
        [&self.stripe, &self.standard].into_iter().flatten().all(|keys| keys.is_empty())
    }

    fn place(&mut self, provider: Provider) -> &mut Option<Keys> {
        match provider {
            Provider::Stripe => &mut self.stripe,
            Provider::Standard => &mut self.standard,
        }
    }
}

/// A JSON object that has at least one of the lists: another secret's value must
/// not look like one without providers. What the parser says of a value that is
/// none could show it.
fn lists(value: &str) -> Option<Map<String, Value>> {
    let lists: Map<String, Value> = serde_json::from_str(value).ok()?;
    let has = |provider| lists.contains_key(variable_of(provider));
    (has(Provider::Stripe) || has(Provider::Standard)).then_some(lists)
}

/// What is good and what is bad of a provider's list.
fn list(lists: &Map<String, Value>, provider: Provider) -> (Vec<Key>, Vec<BadSecrets>) {
    let name = variable_of(provider);
    let text = match lists.get(name) {
        Some(Value::String(text)) => text,
        Some(_) => return (Vec::new(), vec![BadSecrets::NotText(name)]),
        None => return (Vec::new(), vec![BadSecrets::Missing(name)]),
    };
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for key in each(provider, text) {
        match key {
            Ok(key) => good.push(key),
            Err(error) => bad.push(error),
        }
    }
    (good, bad)
}

/// Reads a list in which all must be good.
fn keys(provider: Provider, list: &str) -> Result<Keys, BadSecrets> {
    each(provider, list).collect()
}

/// The secrets of a list. Spaces around one do not count, nor does a comma too many.
fn each(provider: Provider, list: &str) -> impl Iterator<Item = Result<Key, BadSecrets>> {
    let secrets = list.split(',').map(str::trim).filter(|secret| !secret.is_empty());
    secrets.enumerate().map(move |(at, secret)| {
        let bad = |reason| BadSecrets::Secret { position: at + 1, list: variable_of(provider), reason };
        Key::read(provider, secret).map_err(bad)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRIPE: &str = "whsec_0123456789abcdef0123456789abcdef";
    const STANDARD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn value(stripe: &str, standard: &str) -> String {
        serde_json::json!({"STRIPE_WEBHOOK_SECRETS": stripe, "STANDARD_WEBHOOK_SECRETS": standard})
            .to_string()
    }

    /// How many secrets of each provider are known.
    fn sizes(keyring: &Keyring) -> [Option<usize>; 2] {
        [Provider::Stripe, Provider::Standard].map(|provider| keyring.of(provider).map(|keys| keys.len()))
    }

    #[test]
    fn a_list_may_be_empty_and_must_be_there() {
        let mut keyring = Keyring::default();
        assert_eq!(keyring.take(&value("", STANDARD)), []);
        assert_eq!(sizes(&keyring), [Some(0), Some(1)]);
        let only_stripe = format!(r#"{{"STRIPE_WEBHOOK_SECRETS":"{STRIPE},{STRIPE}","else":7}}"#);
        assert_eq!(keyring.take(&only_stripe), [BadSecrets::Missing("STANDARD_WEBHOOK_SECRETS")]);
        assert_eq!(sizes(&keyring), [Some(2), Some(1)], "it is as it was");
    }

    #[test]
    fn a_slip_in_a_list_keeps_none_alive_that_is_not_in_it() {
        let mut keyring = Keyring::default();
        keyring.take(&value(&format!("{STRIPE},{STRIPE}"), STANDARD));
        assert_eq!(keyring.take(&value(&format!("short,{STRIPE}"), STANDARD)).len(), 1);
        assert_eq!(sizes(&keyring), [Some(1), Some(1)]);
    }

    #[test]
    fn a_bad_list_changes_nothing_and_leaves_the_other_alone() {
        let mut keyring = Keyring::default();
        assert_eq!(keyring.take(&value(STRIPE, "?")).len(), 1);
        assert_eq!(sizes(&keyring), [Some(1), None]);
        assert_eq!(keyring.take(&value(STRIPE, STANDARD)), []);
        let before = keyring.of(Provider::Stripe);
        assert_eq!(keyring.take(&value("short", &format!("{STANDARD},{STANDARD}"))).len(), 1);
        assert_eq!(sizes(&keyring), [Some(1), Some(2)]);
        let same = |keys: &Keys| before.as_ref().is_some_and(|before| Arc::ptr_eq(before, keys));
        assert!(keyring.of(Provider::Stripe).is_some_and(|keys| same(&keys)));
        let number = format!(r#"{{"STRIPE_WEBHOOK_SECRETS":7,"STANDARD_WEBHOOK_SECRETS":"{STANDARD}"}}"#);
        assert_eq!(keyring.take(&number), [BadSecrets::NotText("STRIPE_WEBHOOK_SECRETS")]);
        assert_eq!(sizes(&keyring), [Some(1), Some(1)]);
    }

    #[test]
    fn a_value_without_lists_changes_nothing_and_is_not_shown() {
        let mut keyring = Keyring::default();
        keyring.take(&value(STRIPE, STANDARD));
        for value in ["", "{}", "[]", "7", STRIPE, &format!("\"{STRIPE}\""), r#"{"STRIPE":"x"}"#, "{"] {
            let amiss = keyring.take(value);
            assert_eq!(amiss, [BadSecrets::NoLists], "{value}");
        }
        assert_eq!(sizes(&keyring), [Some(1), Some(1)]);
    }
}
