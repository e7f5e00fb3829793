//! The process's side: functions that fail in every way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::anyhow;
use api::Problem;
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use domain::Error;
use monitoring::{Importance, Monitoring};
use serde_json::Value;
use tokio::sync::Barrier;

use crate::function::HANDLERS;

/// What nobody should have put into an error.
const CARELESS: &str = "no \"Ann Planted planted\" <planted@example.com> from 203.0.113.7:80 \
    with Bearer planted and key sk_live_planted, USER#planted, password=planted, \
    see https://planted.example/?planted";

/// No test by itself.
#[tokio::test]
#[ignore = "a process of the tests beside it"]
async fn one_function() {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable).expect("good settings");
    let served = match variable(HANDLERS).expect("called by the tests beside it").as_str() {
        "events" => api::serve_events(fail_at_event, monitoring).await,
        _ => api::serve(api::edge(routes(&monitoring), &monitoring), monitoring).await,
    };
    served.expect("it is killed before");
}

fn routes(monitoring: &Monitoring) -> Router {
    let (queue, done) = (monitoring.after_response().clone(), Arc::new(AtomicU64::new(0)));
    let (read, together) = (Arc::clone(&done), Arc::new(Barrier::new(2)));
    let leave = async move || {
        queue.push(Importance::Refresh, async move { _ = done.fetch_add(1, Ordering::SeqCst) });
    };
    Router::new()
        .route("/fine", get(async || "fine"))
        .route("/fail", get(fail))
        .route("/panic", get(panics))
        .route("/panic/apart", get(panics_apart))
        .route("/work", get(leave))
        .route("/done", get(async move || read.load(Ordering::SeqCst).to_string()))
        .route("/together/{name}", get(async move |name: Path<String>| fail_together(&name, &together).await))
}

async fn fail() -> Problem {
    Error::unavailable("read mug", CARELESS).into()
}

async fn panics() -> &'static str {
    here_it_panics()
}

/// As a load does that the cache runs.
async fn panics_apart() -> &'static str {
    let apart = tokio::spawn(monitoring::carried(async { here_it_panics() }));
    apart.await.err().map_or("fine", |_| "a part of it panicked")
}

/// The line of this is what a stack has to lead to.
#[inline(never)]
#[expect(clippy::panic, reason = "what a bug does")]
pub(crate) fn here_it_panics() -> ! {
    panic!("{CARELESS}")
}

pub(crate) const PANIC_LINE: u32 = line!() - 3;

async fn fail_together(name: &str, together: &Barrier) -> Problem {
    tracing::info!(target: "store::test", reason = name, "a word");
    together.wait().await;
    Error::unavailable("wait together", "nothing").into()
}

async fn fail_at_event(_: Value) -> anyhow::Result<()> {
    Err(anyhow!(CARELESS).context("2 of 3 records failed"))
}
