//! `local contention`: many who want the last pieces, of one product and of
//! three in opposite order, on a system of its own.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, ensure};
use clap::Args;
use local::contention::{self, Options};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Who order at once.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    buyers: u16,
    /// Pieces of each product.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pieces: u32,
}

pub(crate) async fn contention(arguments: &Arguments, state: &Path) -> Result<()> {
    for products in [1, 3] {
        let options = Options {
            state: state.join("contention"),
            buyers: arguments.buyers.into(),
            products,
            pieces: arguments.pieces,
        };
        let report = contention::run(&options).await?;
        writeln!(std::io::stdout(), "{report}\n")?;
        ensure!(report.is_exact(), "the shop did not sell exactly what was there");
    }
    Ok(())
}
