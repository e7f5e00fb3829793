//! The independent reading of the file, by a program that shares no code with
//! this one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use domain::{ProductId, UserId};
use serde::Deserialize;

use super::invoices::Pieces;
use crate::project::Project;

const SCRIPT: &str = "scripts/read-invoices";

/// What the replay must end in.
#[derive(Debug, Deserialize)]
pub(super) struct Reading {
    /// Each row's fate in words, by the line on which it begins.
    pub(super) fates: BTreeMap<u64, String>,
    /// What stands in orders.
    pub(super) pieces: BTreeMap<UserId, Pieces>,
    /// What each product costs, in pence.
    pub(super) prices: BTreeMap<ProductId, i64>,
}

pub(super) async fn of(file: PathBuf, limit: Option<usize>) -> Result<Reading> {
    let mut command = Command::new("python3");
    command.arg(Project::find()?.root().join(SCRIPT)).arg(file);
    command.args(limit.map(|limit| limit.to_string()));
    let output = tokio::task::spawn_blocking(move || command.output()).await?;
    let output = output.with_context(|| format!("{SCRIPT} cannot be run: is python3 installed?"))?;
    if !output.status.success() {
        bail!("{SCRIPT} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("{SCRIPT} says what cannot be read"))
}
