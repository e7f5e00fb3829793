//! What a function of ours costs beside one that only says hello: the start of its
//! process, a warm read of a cached product, instructions and memory. Both are the
//! binaries that would be shipped, in the same environment, and are asked in turns.
//!
//!     cargo bench --bench lambda -- FOLDER     with FOLDER/products/bootstrap and FOLDER/hello/bootstrap
//!
//! Each is asked through the Runtime Interface Emulator, which takes what the gateway
//! sends, and through a Runtime API that costs next to nothing, beside which the
//! emulator's own cost shows.
#![expect(clippy::print_stdout, reason = "a benchmark prints its rows")]

mod cold;
mod instructions;
mod memory;
mod rows;
mod stage;
mod warm;

use std::path::PathBuf;

use anyhow::{Context, Result};

use self::stage::Stage;

#[tokio::main]
async fn main() -> Result<()> {
    let stage = Stage::set(&programs()?).await?;
    cold::measure(&stage).await?;
    warm::measure(&stage).await?;
    memory::measure(&stage).await?;
    instructions::measure(&stage).await
}

/// The folder of the programs; cargo adds an option of its own.
fn programs() -> Result<PathBuf> {
    let folder = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let folder = PathBuf::from(folder.context("say where the programs are: make bench-lambda")?);
    folder.canonicalize().with_context(|| format!("there is no {}", folder.display()))
}
