//! What Sentry hears of: errors, panics, slow calls, retries that ran out, and a
//! sample of how long things take.
//!
//! The one rule: nothing that a caller sent, and nothing secret. What is sent is
//! picked, not filtered ([`scrub`]), and it leaves after the response, when nobody
//! waits ([`queue`]). Where no DSN is set, there is none of this.

mod layers;
mod limits;
mod mask;
mod panics;
mod queue;
mod scrub;
mod settings;
mod sink;
mod trace;
mod watch;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use sentry_core::{Client, ClientOptions, Hub, TransactionContext};

pub(crate) use self::layers::layers;
use self::queue::Queue;
pub(crate) use self::settings::SentrySettings;
pub(crate) use self::watch::Watch;
use crate::after_response::AfterResponse;
use crate::totals::{Count, Totals};

/// Breadcrumbs of one event: what the calls of one request leave, and some more.
const BREADCRUMBS: usize = 50;
/// The operation of a transaction that is a process's start.
const COLD_START: &str = "function.init";

/// A Sentry that hears of this process.
pub(crate) struct Sentry {
    queue: Arc<Queue>,
    started: SystemTime,
    ready: AtomicBool,
}

impl Sentry {
    /// From here on the process is heard of; it has begun just now.
    pub(crate) fn start(settings: &SentrySettings, function: &str, after: &AfterResponse) -> Self {
        let queue = Queue::new(&settings.dsn, after);
        let client = Client::from(options(settings, &queue));
        let hub = Hub::main();
        hub.bind_client(Some(Arc::new(client)));
        hub.configure_scope(|scope| scope.set_tag("function", function));
        panics::report();
        Self { queue, started: SystemTime::now(), ready: AtomicBool::new(false) }
    }

    /// The process is ready for its first request: how long that took is sampled.
    pub(crate) fn ready(&self) {
        if !self.ready.swap(true, std::sync::atomic::Ordering::Relaxed) {
            let context = TransactionContext::new("cold start", COLD_START);
            Hub::main().start_transaction_with_timestamp(context, self.started).finish();
        }
    }

    /// Sends what waits, for at most so long.
    pub(crate) async fn flush(&self, limit: Duration) {
        let _ = tokio::time::timeout(limit, self.queue.send_all()).await;
    }

    /// What it lost, as others count it.
    pub(crate) fn losses(&self) -> impl FnMut(&mut Totals) + Send + 'static {
        let queue = Arc::clone(&self.queue);
        move |totals| totals.add(Count::AfterResponseDropped, queue.take_losses())
    }
}

/// Whether there is one.
pub(crate) fn is_on() -> bool {
    Hub::main().client().is_some()
}

fn options(settings: &SentrySettings, queue: &Arc<Queue>) -> ClientOptions {
    let (cold_starts, requests) = (settings.cold_start_sample_rate, settings.request_sample_rate);
    let mut options = ClientOptions::new()
        .release(settings.release.clone())
        .environment(settings.environment.clone())
        .default_integrations(false)
        .send_default_pii(false)
        .max_breadcrumbs(BREADCRUMBS)
        .traces_sampler(move |of| if of.operation() == COLD_START { cold_starts } else { requests })
        .before_send(|event| Some(scrub::event(event)))
        .transport(Arc::clone(queue));
    options.dsn = Some(settings.dsn.clone());
    options
}
