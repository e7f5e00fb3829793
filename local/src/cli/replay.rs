//! `local replay`: an event that failed is applied again, by the function that
//! applies events.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::EventKey;
use local::gate::Backend;
use local::invoke::Invoker;
use local::lambda::StatusReceiver;
use local::stack::Addresses;
use serde::Deserialize;
use serde_json::json;

/// Longer than the function may take.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Which event: its provider and its id, such as `stripe/evt_1`.
    #[arg(long)]
    event: EventKey,
}

#[derive(Deserialize)]
struct Replayed {
    outcome: String,
    reason: Option<String>,
}

pub(crate) async fn replay(Arguments { event }: &Arguments, state: &Path) -> Result<()> {
    let running = Addresses::of_running(state)?;
    let (invoker, payload) = (Invoker::new(&running.lambda)?, json!({"replay": event.to_string()}));
    let answer = invoker.invoke(&payment_events(), &payload).await;
    let answer = answer.context("the event could not be replayed")?;
    let Replayed { outcome, reason } = serde_json::from_value(answer)?;
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    if outcome == "failed" {
        bail!("{event} failed again{reason}");
    }
    writeln!(std::io::stdout(), "{event} {outcome}{reason}")?;
    Ok(())
}

/// The function of another process's stack, of which nothing is known but its name.
fn payment_events() -> Backend {
    Backend {
        name: "payment-events".to_owned(),
        deadline: ANSWER_WITHIN,
        status: StatusReceiver::immortal(),
        out_of_time: std::sync::Arc::default(),
    }
}
