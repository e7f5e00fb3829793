//! The folder that a stack keeps its things in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::lock::Lock;
use crate::provider::Secrets;
use crate::secret::Secret;
use crate::token::Signer;

/// The folder, ours alone while the stack runs, and the keys in it.
#[derive(Debug)]
pub(super) struct State {
    folder: PathBuf,
    pub(super) signer: Signer,
    /// The keys whose tokens are good.
    pub(super) jwks: String,
    pub(super) cursor_key: Secret,
    pub(super) webhook_secrets: Secrets,
    _lock: Lock,
}

impl State {
    /// Takes the folder, emptied first if it is to be `fresh`.
    pub(super) fn open(folder: PathBuf, fresh: bool) -> Result<Self> {
        let lock = Lock::take(&folder)?;
        if fresh {
            lock.empty_folder()?;
        }
        let signer = Signer::of_clone(&folder)?;
        let state = Self {
            jwks: signer.jwks_with_trusted()?,
            signer,
            cursor_key: Secret::kept(&folder.join("cursor.key"))?,
            webhook_secrets: Secrets::of_clone(&folder)?,
            folder,
            _lock: lock,
        };
        std::fs::create_dir_all(state.logs()).context("making the folder of logs")?;
        Ok(state)
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The table.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("dynamodb.sqlite")
    }

    /// What the processes print.
    pub(super) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// Variables for `sam local invoke --env-vars`.
    pub(super) fn sam_variables(&self) -> PathBuf {
        self.folder.join("env.json")
    }
}
