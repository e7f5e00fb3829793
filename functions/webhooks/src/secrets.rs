//! The secrets that providers sign with: given at boot, or kept in AWS Secrets
//! Manager, where they change while the process lives.

mod keyring;
mod manager;
mod vault;

use std::sync::Arc;

use domain::{Error, Provider, Result};
use retry::deadline;

pub(crate) use self::keyring::{BadSecrets, Keyring, Keys, variable_of};
use self::manager::Manager;
use self::vault::Vault;
use crate::Clock;
use crate::config::{Config, Source};

/// Where a request's secrets come from.
#[derive(Clone, Debug)]
pub(crate) enum Secrets {
    /// They are what they were at boot.
    Given(Keyring),
    /// They are asked for, and kept for some minutes.
    Managed(Arc<Vault>),
}

#[derive(Debug, thiserror::Error)]
#[error("the secrets of {0} are not known yet")]
struct Unknown(Provider);

impl Secrets {
    /// No I/O happens before the first request.
    pub(crate) fn open(config: Config, clock: &Clock) -> Self {
        match config.secrets {
            Source::Environment(keyring) => Self::Given(keyring),
            Source::SecretsManager { id, endpoint } => {
                let manager = Manager::new(&config.store, id, endpoint);
                Self::Managed(Arc::new(Vault::new(manager, clock.clone())))
            }
        }
    }

    /// Asks for them ahead of the first request, whether they can be had or not.
    pub(crate) async fn prepare(&self) {
        if let Self::Managed(vault) = self {
            vault.prepare().await;
        }
    }

    /// The secrets of a provider as far as they are known; none if it is not set up.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when they could not be had yet.
    pub(crate) async fn keys(&self, provider: Provider) -> Result<Keys> {
        let keys = match self {
            Self::Given(keyring) => keyring.of(provider),
            Self::Managed(vault) => deadline::before(vault.keys(provider)).await.flatten(),
        };
        keys.ok_or_else(|| Error::unavailable("read webhook secrets", Unknown(provider)))
    }

    /// Others than these, if there are any by now: for a signature that none of
    /// these made.
    pub(crate) async fn newer(&self, provider: Provider, than: &Keys) -> Option<Keys> {
        match self {
            Self::Given(_) => None,
            Self::Managed(vault) => deadline::before(vault.newer(provider, than)).await.flatten(),
        }
    }
}
