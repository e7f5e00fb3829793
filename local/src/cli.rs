//! The commands, one file each.

mod chaos;
mod contention;
mod import;
mod replay_orders;
mod run;
mod token;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};
use local::project::Project;

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
            Command::Import(arguments) => import::import(arguments, &state).await,
            Command::Contention(arguments) => contention::contention(&arguments, &state).await,
            Command::Chaos(arguments) => chaos::chaos(&arguments, &state).await,
            Command::ReplayOrders(arguments) => replay_orders::replay_orders(arguments, &state).await,
        }
    }
}
