//! What all cache loaders have in common: how long they may take, and how they fail.
//!
//! The cache runs a load as a task of its own, which has no deadline by itself:
//! each loader takes along that of the request that needs it, or the table
//! could keep it waiting past the end of the invocation.

use std::time::Duration;

use cache::Policy;
use domain::Error;
use retry::deadline;

/// The time-outs of a load from the table. A caller who can have a stale entry
/// waits no longer than an API's p95 is to take; the hard one is for a
/// load of several calls that are all slow, or that hangs elsewhere.
pub(crate) const LOADED: Policy = Policy {
    soft_timeout: Some(Duration::from_millis(300)),
    hard_timeout: Some(Duration::from_secs(10)),
    ..Policy::PLAIN
};

/// A load as part of what needs it, with its deadline, whichever task runs it.
pub(crate) fn part_of_work<F: Future>(load: F) -> impl Future<Output = F::Output> {
    monitoring::carried(deadline::carried(load))
}

/// A loader's error: the shop's own, or the cache's word that the load took too
/// long, which is the shop's [`Error::Unavailable`].
#[derive(Clone, Debug)]
pub(crate) struct LoadError(Error);

impl From<Error> for LoadError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<cache::TimedOut> for LoadError {
    fn from(timed_out: cache::TimedOut) -> Self {
        Self(Error::unavailable("load for the cache", timed_out))
    }
}

impl From<LoadError> for Error {
    fn from(LoadError(error): LoadError) -> Self {
        error
    }
}
