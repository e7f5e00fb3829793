//! The work at hand, for whoever speaks of it further down.
//!
//! Whoever serves a request says whose it is, and what is logged below can say so
//! too, without each layer between handing it on. Where there is a Sentry, it hears
//! of the work what it needs to, and no two that run side by side get mixed up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sentry_core::{Hub, SentryFutureExt};

use crate::sentry::{self, Watch};

tokio::task_local! {
    static CURRENT: Arc<Work>;
}

/// A request, or an invocation by an event.
#[derive(Debug, Default)]
pub struct Work {
    /// The invocation's id.
    pub request_id: String,
    /// AWS X-Ray's trace of it, as Lambda gives it: `Root=1-…;Parent=…;Sampled=…`.
    pub trace_id: Option<String>,
    /// The HTTP method; empty for an event.
    pub method: String,
    /// The route with its placeholders, never the path; empty for an event.
    pub route: String,
    panicked: AtomicBool,
}

impl Work {
    /// A request of a route.
    pub fn request(request_id: String, trace_id: Option<String>, method: &str, route: &str) -> Self {
        let (method, route) = (method.to_owned(), route.to_owned());
        Self { request_id, trace_id, method, route, ..Self::default() }
    }

    /// An invocation by an event.
    pub fn event(request_id: String, trace_id: Option<String>) -> Self {
        Self { request_id, trace_id, ..Self::default() }
    }

    /// What a trace of it is called; nothing for an event.
    pub(crate) fn name(&self) -> Option<String> {
        (!self.route.is_empty()).then(|| format!("{} {}", self.method, self.route))
    }

    /// Part of it has panicked, and was reported.
    pub(crate) fn note_panic() {
        let _ = CURRENT.try_with(|work| work.panicked.store(true, Ordering::Relaxed));
    }

    /// Whether a part of the work at hand has panicked; none where there is no work.
    pub(crate) fn has_panicked() -> Option<bool> {
        CURRENT.try_with(|work| work.panicked.load(Ordering::Relaxed)).ok()
    }
}

/// Does some work under its name. What has failed is not what a caller did wrong.
pub async fn observed<F: Future>(
    work: Arc<Work>,
    doing: F,
    has_failed: impl FnOnce(&F::Output) -> bool,
) -> F::Output {
    let watch = Watch::over(&work);
    let doing = CURRENT.scope(work, doing);
    let Some(watch) = watch else { return doing.await };
    let done = doing.bind_hub(watch.hub()).await;
    watch.end(has_failed(&done));
    done
}

/// Part of the work that holds where this is called, wherever it is run.
pub fn carried<F: Future>(part: F) -> impl Future<Output = F::Output> {
    Carrier::here().carry(part)
}

/// The work at hand, for a part of it that is yet to come.
#[derive(Clone, Debug)]
pub struct Carrier {
    work: Option<Arc<Work>>,
    hub: Option<Arc<Hub>>,
}

impl Carrier {
    /// The work that holds where this is called, if any does.
    pub fn here() -> Self {
        let work = CURRENT.try_with(Arc::clone).ok();
        let hub = work.as_ref().and_then(|_| sentry::is_on().then(Hub::current));
        Self { work, hub }
    }

    /// A part of that work, wherever it is run.
    pub async fn carry<F: Future>(self, part: F) -> F::Output {
        match (self.work, self.hub) {
            (Some(work), Some(hub)) => CURRENT.scope(work, part).bind_hub(hub).await,
            (Some(work), None) => CURRENT.scope(work, part).await,
            (None, _) => part.await,
        }
    }
}

/// The id of the work at hand, for a log line that will be read by it.
pub fn request_id() -> Option<String> {
    CURRENT.try_with(|work| work.request_id.clone()).ok()
}

/// The trace of the work at hand, likewise.
pub fn trace_id() -> Option<String> {
    CURRENT.try_with(|work| work.trace_id.clone()).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(id: &str) -> Arc<Work> {
        Arc::new(Work::request(id.to_owned(), None, "GET", "/"))
    }

    #[tokio::test]
    async fn what_is_done_knows_for_whom() {
        assert_eq!(request_id(), None);
        let found = observed(work("1"), async { request_id() }, |_| false).await;
        assert_eq!(found.as_deref(), Some("1"));
    }

    #[tokio::test]
    async fn a_task_of_its_own_can_take_the_work_along() {
        let doing = async {
            let bare = tokio::spawn(async { request_id() });
            let carried = tokio::spawn(carried(async { request_id() }));
            (bare.await.expect("runs"), carried.await.expect("runs"))
        };
        let (bare, carried) = observed(work("1"), doing, |_| false).await;
        assert_eq!((bare, carried.as_deref()), (None, Some("1")));
    }
}
