//! Secrets out of Secrets Manager, kept in the process for some minutes.
//!
//! They are loaded anew before a request is verified with some that are too old,
//! not beside it: a process that was frozen for an hour must not take one revoked
//! meanwhile. Ages are wall-clock time for the same reason. A signature that
//! nothing known has made may be made with a secret that is just being introduced,
//! so it causes a load ahead of time; but not often, because anyone can send one.
//! What cannot be loaded anew goes on being used: without it no payment would
//! come in while Secrets Manager is down.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use domain::Provider;
use jiff::{SignedDuration, Timestamp};

use super::keyring::{Keyring, Keys};
use super::manager::Manager;
use crate::Clock;

/// How long secrets are used before they are loaded anew; so the most that one
/// which was revoked is still taken, while Secrets Manager answers.
const KEPT: Duration = Duration::from_mins(5);
/// How long nothing is asked after an answer, or after none: else forgeries could
/// make us ask at each of them.
const PAUSE: Duration = Duration::from_secs(30);
/// The same where there is nothing to go on with.
const PAUSE_WITHOUT: Duration = Duration::from_secs(1);

/// The secrets, as far as they are known.
#[derive(Debug)]
pub(crate) struct Vault {
    manager: Manager,
    clock: Clock,
    /// Locked by whoever loads: whoever waits for it finds what was loaded.
    loading: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    keyring: Keyring,
    /// When the keyring was asked for.
    loaded: Option<Timestamp>,
    /// When the last answer came, or was given up.
    tried: Option<Timestamp>,
}

impl Vault {
    pub(super) fn new(manager: Manager, clock: Clock) -> Self {
        Self { manager, clock, loading: tokio::sync::Mutex::default(), known: Mutex::default() }
    }

    /// Loads before there is anyone to wait.
    pub(super) async fn prepare(&self) {
        self.load().await;
    }

    /// A provider's secrets, not older than [`KEPT`] if younger can be had; none
    /// before they could be read for the first time.
    pub(super) async fn keys(&self, provider: Provider) -> Option<Keys> {
        self.load_if(|known, now| !known.is_fresh(provider, now) && known.may_ask(provider, now)).await;
        self.known().keyring.of(provider)
    }

    /// Others than these, if there are any by now.
    pub(super) async fn newer(&self, provider: Provider, than: &Keys) -> Option<Keys> {
        self.load_if(|known, now| known.is(provider, than) && known.may_ask(provider, now)).await;
        let known = self.known();
        if known.is(provider, than) { None } else { known.keyring.of(provider) }
    }

    /// Loads, unless someone else just did.
    async fn load_if(&self, is_due: impl Fn(&Known, Timestamp) -> bool) {
        let is_due = || is_due(&self.known(), self.clock.now());
        if is_due() {
            let _alone = self.loading.lock().await;
            if is_due() {
                self.load().await;
            }
        }
    }

    async fn load(&self) {
        let asked = self.clock.now();
        let fetched = self.manager.fetch().await;
        let mut known = self.known();
        known.tried = Some(self.clock.now());
        match fetched {
            Ok(value) => known.take(&value, asked),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the webhook secrets cannot be loaded: the old ones are used");
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics with it")
    }
}

impl Known {
    /// What could not be read of it is tried again before its time.
    fn take(&mut self, value: &str, asked: Timestamp) {
        let amiss = self.keyring.take(value);
        for error in &amiss {
            let error = error as &dyn std::error::Error;
            tracing::error!(
                error,
                "webhook secrets cannot be read: what is good of the list is used, or else the old ones"
            );
        }
        if amiss.is_empty() {
            self.loaded = Some(asked);
        }
    }

    fn is_fresh(&self, provider: Provider, now: Timestamp) -> bool {
        self.keyring.of(provider).is_some() && is_within(KEPT, self.loaded, now)
    }

    fn may_ask(&self, provider: Provider, now: Timestamp) -> bool {
        let pause = if self.keyring.of(provider).is_some() { PAUSE } else { PAUSE_WITHOUT };
        !is_within(pause, self.tried, now)
    }

    /// Whether these are the provider's secrets still, the very ones.
    fn is(&self, provider: Provider, keys: &Keys) -> bool {
        self.keyring.of(provider).is_some_and(|known| std::sync::Arc::ptr_eq(&known, keys))
    }
}

/// Whether `then` was less than `span` ago. What lies in the future, because the
/// clock was set back since, was not: else it would stay so until it comes.
fn is_within(span: Duration, then: Option<Timestamp>, now: Timestamp) -> bool {
    let span = SignedDuration::try_from(span).expect("minutes");
    then.is_some_and(|then| (SignedDuration::ZERO..span).contains(&now.duration_since(then)))
}
