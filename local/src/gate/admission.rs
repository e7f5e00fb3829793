//! Who may go through, who waits, and who is refused.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Limits;
use super::problem::Problem;

/// Counts those inside and those who wait.
pub(super) struct Admission {
    inside: Arc<Semaphore>,
    /// Everyone, inside or waiting.
    everyone: Arc<Semaphore>,
    patience: Duration,
}

/// A place inside, free again when dropped.
pub(super) struct Place {
    _inside: OwnedSemaphorePermit,
    _everyone: OwnedSemaphorePermit,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            inside: Arc::new(Semaphore::new(limits.in_flight)),
            everyone: Arc::new(Semaphore::new(limits.in_flight + limits.waiting)),
            patience: limits.patience,
        }
    }

    /// A place inside, in order of arrival. Dropping the future, as the server
    /// does when a caller hangs up, gives up the place in the queue.
    pub(super) async fn enter(&self) -> Result<Place, Problem> {
        let everyone = self.everyone.clone().try_acquire_owned();
        let everyone = everyone.map_err(|_full_or_closed| Problem::busy("too many requests wait already"))?;
        let inside = timeout(self.patience, self.inside.clone().acquire_owned()).await;
        let inside = inside.map_err(|_elapsed| Problem::busy("no function was free in time"))?;
        let inside = inside.expect("the semaphore is never closed");
        Ok(Place { _inside: inside, _everyone: everyone })
    }
}
