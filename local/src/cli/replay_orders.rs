//! `local replay-orders`: a retail CSV replayed as orders, in a system of its
//! own, and checked to the line.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use local::replay::{self, replay};
use local::stack::{Cache, Options, Stack};

/// In the state folder: its own stack's state, so that `local run` may go on.
const STATE_FOLDER: &str = "replay-orders";
const REPORT_FILE: &str = "replay-report.csv";

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file, with the published columns of Online Retail.
    file: PathBuf,
    /// Take only so many invoices, the earliest.
    #[arg(long)]
    limit_invoices: Option<usize>,
    /// Where to list the rows that became no part of an order [default: in
    /// target/local].
    #[arg(long)]
    report: Option<PathBuf>,
}

pub(crate) async fn replay_orders(arguments: Arguments, state: &Path) -> Result<()> {
    let report = arguments.report.unwrap_or_else(|| state.join(REPORT_FILE));
    let stack = Stack::start(options(state), |_| {}).await?;
    let options =
        replay::Options { file: arguments.file, limit: arguments.limit_invoices, report, stack: &stack };
    let summary = replay(options).await;
    stack.stop().await;
    let summary = summary?;
    writeln!(std::io::stdout(), "{summary}")?;
    match summary.failed() {
        0 => Ok(()),
        failed => bail!("{failed} of {} checks do not hold", summary.checks.len()),
    }
}

/// With the shared cache, because what it serves is checked too; without
/// schedules, because orders nobody pays would expire on the way.
fn options(state: &Path) -> Options {
    Options {
        port: 0,
        state: state.join(STATE_FOLDER),
        in_memory: true,
        fresh: true,
        cache: Cache::Required,
        schedules: false,
        streams: false,
    }
}
