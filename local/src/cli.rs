//! The commands, one file each.

mod chaos;
mod contention;
mod import;
mod pay;
mod replay;
mod replay_orders;
mod run;
mod token;
mod webhook;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use local::project::Project;
use tokio::signal::unix::{SignalKind, signal};

/// The Storefront system on this machine.
#[derive(Debug, Parser)]
#[command(name = "local", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Folder of the table, the keys and the logs [default: target/local].
    #[arg(long, global = true)]
    state: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the system until Ctrl-C.
    Run(run::Arguments),
    /// Print a development token.
    Token(token::Arguments),
    /// Import a retail CSV into the running system.
    Import(import::Arguments),
    /// Pay for an order in the running system, as a payment provider does.
    Pay(pay::Arguments),
    /// Send a payment provider's event to the running system.
    Webhook(webhook::Arguments),
    /// List the events that failed, or apply one again, in the running system.
    Replay(replay::Arguments),
    /// Let many order the last pieces at once, on a system of its own.
    Contention(contention::Arguments),
    /// Trade while faults come and go, and then go through the books.
    Chaos(chaos::Arguments),
    /// Replay a retail CSV as orders, in a system of its own, and check it.
    ReplayOrders(replay_orders::Arguments),
}

impl Cli {
    pub(crate) async fn execute(self) -> Result<()> {
        let state = match self.state {
            Some(state) => state,
            None => Project::find()?.state(),
        };
        match self.command {
            Command::Run(arguments) => run::run(&arguments, state).await,
            Command::Token(arguments) => token::token(&arguments, &state),
            Command::Import(arguments) => unless_stopped(import::import(arguments, &state)).await,
            Command::Pay(arguments) => unless_stopped(pay::pay(&arguments, &state)).await,
            Command::Webhook(arguments) => unless_stopped(webhook::webhook(&arguments, &state)).await,
            Command::Replay(arguments) => unless_stopped(replay::replay(&arguments, &state)).await,
            Command::Contention(arguments) => {
                unless_stopped(contention::contention(&arguments, &state)).await
            }
            Command::Chaos(arguments) => unless_stopped(chaos::chaos(&arguments, &state)).await,
            Command::ReplayOrders(arguments) => {
                unless_stopped(replay_orders::replay_orders(arguments, &state)).await
            }
        }
    }
}

/// Ends work when its user does: what it has started is killed as it is dropped.
async fn unless_stopped(work: impl Future<Output = Result<()>>) -> Result<()> {
    let stop = stop_signal()?;
    tokio::select! {
        done = work => done,
        () = stop => bail!("interrupted"),
    }
}

/// Returns at Ctrl-C or SIGTERM.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
