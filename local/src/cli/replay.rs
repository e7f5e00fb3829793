//! `local replay`: the events that failed, or one of them applied again, by the
//! function that applies events.

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
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Longer than the function may take.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Which event: its provider and its id, such as `stripe/evt_1`. Without one,
    /// those that failed are listed.
    #[arg(long)]
    event: Option<EventKey>,
}

#[derive(Deserialize)]
struct Listed {
    failed: Vec<String>,
    complete: bool,
}

#[derive(Deserialize)]
struct Replayed {
    outcome: String,
    reason: Option<String>,
}

pub(crate) async fn replay(Arguments { event }: &Arguments, state: &Path) -> Result<()> {
    let running = Addresses::of_running(state)?;
    match event {
        Some(event) => apply(&running, event).await,
        None => list(&running).await,
    }
}

async fn apply(running: &Addresses, event: &EventKey) -> Result<()> {
    let answer = ask(running, &json!({"replay": event.to_string()})).await;
    let Replayed { outcome, reason } = answer.context("the event could not be replayed")?;
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    if outcome == "failed" {
        bail!("{event} failed again{reason}");
    }
    writeln!(std::io::stdout(), "{event} {outcome}{reason}")?;
    Ok(())
}

/// One a line, so that a shell can go through them.
async fn list(running: &Addresses) -> Result<()> {
    let answer = ask(running, &json!({"failed": true})).await;
    let Listed { failed, complete } = answer.context("the failed events could not be listed")?;
    for event in &failed {
        writeln!(std::io::stdout(), "{event}")?;
    }
    if !complete {
        bail!("there may be more: a part could not be read");
    }
    Ok(())
}

async fn ask<T: DeserializeOwned>(running: &Addresses, payload: &Value) -> Result<T> {
    let answer = Invoker::new(&running.lambda)?.invoke(&payment_events(), payload).await?;
    Ok(serde_json::from_value(answer)?)
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
