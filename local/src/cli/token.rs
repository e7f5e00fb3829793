//! `local token`: a development token, alone on standard output, so that a
//! shell can take it. The stack need not run.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use local::token::Signer;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Whose token it is (its `sub`).
    #[arg(long)]
    user: String,
    /// Its rights, separated by spaces; none if empty.
    #[arg(long, default_value = "")]
    scope: String,
    /// Hours that it is good for.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=8_760))]
    hours: u64,
}

pub(crate) fn token(arguments: &Arguments, state: &Path) -> Result<()> {
    let signer = Signer::of_clone(state)?;
    let ttl = Duration::from_secs(arguments.hours * 60 * 60);
    let token = signer.mint(&arguments.user, &arguments.scope, ttl)?;
    writeln!(std::io::stdout(), "{token}")?;
    Ok(())
}
