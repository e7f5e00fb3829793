//! EventBridge on this machine: invokes each function when a schedule of the
//! template says so, one invocation of a schedule at a time. What fails is not
//! tried again before its next time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::gate::Backend;
use crate::invoke::Invoker;
use crate::template::Schedule;

/// From the start to each schedule's first time.
const FIRST_AFTER: Duration = Duration::from_secs(1);

/// Schedules that run. They end when this is dropped.
#[derive(Debug)]
pub struct Schedules(JoinSet<()>);

impl Schedules {
    /// Starts the enabled ones among these, each with its function.
    pub fn start(invoker: &Invoker, schedules: impl IntoIterator<Item = (Schedule, Backend)>) -> Self {
        let enabled = schedules.into_iter().filter(|(schedule, _)| schedule.enabled);
        Self(enabled.map(|(schedule, function)| run(invoker.clone(), schedule, function)).collect())
    }

    /// Invokes nothing any more, and waits for nothing.
    pub async fn stop(mut self) {
        self.0.shutdown().await;
    }
}

async fn run(invoker: Invoker, schedule: Schedule, function: Backend) {
    let mut times = interval_at(Instant::now() + FIRST_AFTER, schedule.every);
    // After an invocation that took longer, the next is at the next full time.
    times.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        times.tick().await;
        let payload = schedule.payload(Timestamp::now());
        if let Err(error) = invoker.invoke(&function, &payload).await {
            let (function, schedule) = (&function.name, &schedule.name);
            tracing::warn!(function, schedule, "a scheduled invocation failed: {error:#}");
        }
    }
}
