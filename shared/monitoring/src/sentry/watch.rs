//! What Sentry knows of one piece of work: of which the events are that it
//! brings about, and how long it takes.

use std::sync::Arc;

use sentry_core::protocol::SpanStatus;
use sentry_core::{Hub, Scope, Transaction, TransactionContext};

use super::trace;
use crate::work::Work;

/// The operation of a transaction that is a request, as Sentry calls it.
const REQUEST: &str = "http.server";
/// The operation of one that is an invocation by an event.
const EVENT: &str = "function.aws";

/// One piece of work under watch.
pub(crate) struct Watch {
    hub: Arc<Hub>,
    transaction: Transaction,
}

impl Watch {
    /// Begins to watch, if there is a Sentry.
    pub(crate) fn over(work: &Work) -> Option<Self> {
        let main = Hub::main();
        main.client()?;
        let hub = Arc::new(Hub::new_from_top(main));
        let root = work.trace_id.as_deref().and_then(trace::root);
        let transaction = hub.start_transaction(context(work, root));
        hub.configure_scope(|scope| {
            describe(scope, work, root);
            scope.set_span(Some(transaction.clone().into()));
        });
        Some(Self { hub, transaction })
    }

    pub(crate) fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }

    /// The work is done.
    pub(crate) fn end(self, has_failed: bool) {
        let status = if has_failed { SpanStatus::InternalError } else { SpanStatus::Ok };
        self.transaction.set_status(status);
        // It takes its tags from the hub that is current.
        Hub::run(self.hub, || self.transaction.finish());
    }
}

fn context(work: &Work, root: Option<&str>) -> TransactionContext {
    let name = work.name();
    let operation = if name.is_some() { REQUEST } else { EVENT };
    let context = TransactionContext::builder(name.as_deref().unwrap_or("event"), operation);
    match root.and_then(trace::id) {
        Some(trace) => context.with_trace_id(trace).finish(),
        None => context.finish(),
    }
}

fn describe(scope: &mut Scope, work: &Work, root: Option<&str>) {
    scope.set_tag("request_id", &work.request_id);
    if let Some(root) = root {
        scope.set_tag("xray_trace_id", root);
    }
    if let Some(name) = work.name() {
        scope.set_tag("route", &work.route);
        scope.set_transaction(Some(&name));
    }
}
