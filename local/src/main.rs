//! The command line of the local system: what the Makefile's targets call.

mod cli;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

/// The gate, the table and the load that they are under share the processors: as in the
/// functions, an allocator that takes less of them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Without `RUST_LOG`: what a developer must see, such as a function that died,
/// and not each refused call of DynamoDB, which its callers know.
const LOG_FILTER: &str = "warn,dynoxide=error,store=off";

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| LOG_FILTER.into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    match cli::Cli::parse().execute().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
