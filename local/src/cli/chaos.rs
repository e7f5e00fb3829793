//! `local chaos`: trade while faults come and go, and then the books, on a
//! system of its own.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;
use local::chaos::{self, Options};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How long faults come and go.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_000))]
    seconds: u64,
    /// What chance is derived from [default: a new one, which is printed].
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) async fn chaos(arguments: &Arguments, state: &Path) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let options = Options { state: state.join("chaos"), time: Duration::from_secs(arguments.seconds), seed };
    eprintln!("seed {seed}");
    let start = Instant::now();
    let announce = |weather: &str| eprintln!("{:>4} s  {weather}", start.elapsed().as_secs());
    let report = chaos::run(&options, announce).await?;
    writeln!(std::io::stdout(), "{report}")?;
    ensure!(report.wrong.is_empty(), "not every order is accounted for, with seed {seed}");
    Ok(())
}
