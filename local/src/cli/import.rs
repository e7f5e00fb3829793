//! `local import`: a retail CSV into the running system.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use local::client::Client;
use local::import::{DEFAULT_CATEGORY, Options};
use local::token::Signer;

const REPORT_FILE: &str = "import-report.csv";
/// An import takes seconds; a large one minutes.
const TOKEN_TTL: Duration = Duration::from_hours(1);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file, with the published columns of Online Retail.
    file: PathBuf,
    /// The category of its products.
    #[arg(long, default_value = DEFAULT_CATEGORY)]
    category: String,
    /// Pieces that each product starts with.
    #[arg(long, default_value_t = 0)]
    stock: u32,
    /// Where the system answers.
    #[arg(long, default_value = "http://localhost:3000")]
    url: String,
    /// Where to list the rows that were refused [default: in target/local].
    #[arg(long)]
    report: Option<PathBuf>,
}

pub(crate) async fn import(arguments: Arguments, state: &Path) -> Result<()> {
    let token = Signer::of_clone(state)?.mint("importer", "catalog:write", TOKEN_TTL)?;
    let summary = local::import::import(Options {
        file: arguments.file,
        category: arguments.category,
        stock: arguments.stock,
        report: arguments.report.unwrap_or_else(|| state.join(REPORT_FILE)),
        client: Client::new(&arguments.url, &token)?,
    })
    .await?;
    writeln!(std::io::stdout(), "{summary}")?;
    Ok(())
}
