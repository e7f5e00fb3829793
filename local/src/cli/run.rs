//! `local run`: the whole system until Ctrl-C or SIGTERM.

mod progress;
mod summary;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use local::client::Client;
use local::seed;
use local::stack::{Cache, Options, Stack};
use tokio::time::timeout;

use self::progress::Progress;
use super::stop_signal;

/// Everything is to be gone within five seconds of Ctrl-C; what is not
/// by now is killed.
const STOP_WITHIN: Duration = Duration::from_millis(4_500);
const SEEDED_FILE: &str = "seeded";
/// A working day, for the token that is printed and the one that seeds.
const TOKEN_TTL: Duration = Duration::from_hours(12);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Port of the API; 0 for a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Forget what earlier runs kept.
    #[arg(long)]
    fresh: bool,
}

pub(crate) async fn run(arguments: &Arguments, state: PathBuf) -> Result<()> {
    let options = Options {
        port: arguments.port,
        state: state.clone(),
        in_memory: false,
        fresh: arguments.fresh,
        cache: Cache::IfInstalled,
        schedules: true,
        streams: true,
    };
    let mut stop = std::pin::pin!(stop_signal()?);
    let starting = start(options, &state);
    let Some(stack) = (tokio::select! { stack = starting => Some(stack?), () = &mut stop => None }) else {
        return Ok(());
    };
    tokio::select! {
        () = stop => eprintln!("stopping …"),
        () = stack.broken() => bail!("the Lambda emulator died: see {}", stack.logs().display()),
    }
    // Dropping what has not stopped in time kills it.
    let _ = timeout(STOP_WITHIN, stack.stop()).await;
    Ok(())
}

async fn start(options: Options, state: &Path) -> Result<Stack> {
    let started = Instant::now();
    let mut progress = Progress::new();
    let stack = Stack::start(options, |step| progress.step(step)).await?;
    progress.seeding();
    let seeded = seed_once(&stack, state).await;
    progress.finish(started.elapsed());
    if let Err(error) = seeded {
        eprintln!("The catalogue could not be seeded, the system runs without it: {error:#}");
    }
    write!(std::io::stdout(), "{}", summary::of(&stack, TOKEN_TTL)?)?;
    Ok(stack)
}

/// The catalogue of a new table; an old one has it, or had it deleted.
async fn seed_once(stack: &Stack, state: &Path) -> Result<()> {
    let marker = state.join(SEEDED_FILE);
    if marker.exists() {
        return Ok(());
    }
    let token = stack.token("seed", "catalog:write", TOKEN_TTL)?;
    seed::seed(&Client::new(stack.url(), &token)?).await?;
    std::fs::write(&marker, "").with_context(|| format!("writing {}", marker.display()))
}
