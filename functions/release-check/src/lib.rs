//! Tries a new version of a function before callers reach it: `CodeDeploy`'s
//! `BeforeAllowTraffic` hook for every function of the stack (AWS: "`AppSpec` 'hooks' section",
//! of Lambda deployments).
//!
//! The one rule: `CodeDeploy` hears a verdict whatever happens, for it would wait an hour for
//! one. What is tried changes nothing that would not change anyway (`trial.rs`), and only the
//! version at hand is invoked, never what callers are served by. How the fleet does is no
//! reason to refuse: the next version may be what mends it.

mod config;
mod deployments;
mod functions;
mod target;
mod trial;

use std::time::Duration;

use anyhow::{Context, Result};
use monitoring::FunctionNames;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::config::Config;
use crate::deployments::{Deployments, Verdict};
use crate::functions::Functions;
use crate::target::Target;
use crate::trial::Trial;

/// For all tries of one version. The function's time-out leaves time to report after it.
const TRIED_WITHIN: Duration = Duration::from_secs(45);
/// A version that starts beside a hundred others may be throttled, or time out, once.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// The function.
#[derive(Clone, Debug)]
pub struct ReleaseCheck {
    deployments: Deployments,
    functions: Functions,
    names: FunctionNames,
    health_token: Option<String>,
}

/// What `CodeDeploy` says when it invokes a hook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Hook {
    deployment_id: String,
    /// What the verdict is told by.
    lifecycle_event_hook_execution_id: String,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    verdict: Verdict,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl ReleaseCheck {
    /// Sets it up from the variables of an environment.
    ///
    /// # Errors
    /// When a setting is missing.
    pub fn new(variable: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let config = Config::read(variable)?;
        Ok(Self {
            deployments: Deployments::new(&config),
            functions: Functions::new(&config),
            names: FunctionNames::read(variable, env!("CARGO_PKG_NAME")),
            health_token: config.health_token,
        })
    }

    /// One hook: tries the version and tells `CodeDeploy` what came of it.
    ///
    /// # Errors
    /// When the event is no hook's, or `CodeDeploy` does not take the verdict: Lambda then
    /// brings the event again.
    pub async fn handle(self, event: Value) -> Result<Report> {
        let hook: Hook = serde_json::from_value(event).context("the event is no hook of CodeDeploy's")?;
        let reason = self.check(&hook).await.err().map(|error| format!("{error:#}"));
        let verdict = if reason.is_none() { Verdict::Succeeded } else { Verdict::Failed };
        self.deployments.tell(&hook, verdict).await?;
        Ok(Report { verdict, reason })
    }

    async fn check(&self, hook: &Hook) -> Result<()> {
        let target = self.deployments.target(hook).await.inspect_err(|error| {
            let cause = format!("{error:#}");
            tracing::error!(deployment = hook.deployment_id, cause, "what is deployed is not known: refused");
        })?;
        let tried = timeout(TRIED_WITHIN, self.try_out(&target, &hook.deployment_id)).await;
        let tried = tried.unwrap_or_else(|_elapsed| anyhow::bail!("it did not answer in time"));
        log(&target, tried.as_ref().err());
        tried
    }

    async fn try_out(&self, target: &Target, id: &str) -> Result<()> {
        let short = self.names.short(&target.function);
        let trial = Trial::of(short, self.health_token.as_deref(), id);
        let trial = trial.with_context(|| format!("nobody said how {short} is tried"))?;
        let mut tries = 1;
        loop {
            match self.try_once(target, &trial).await {
                Err(_) if tries < TRIES => tries += 1,
                last => return last,
            }
            sleep(PAUSE).await;
        }
    }

    async fn try_once(&self, target: &Target, trial: &Trial) -> Result<()> {
        let answer = self.functions.invoke(target, trial.payload()).await?;
        trial.judge(&answer)
    }
}

fn log(target: &Target, refusal: Option<&anyhow::Error>) {
    let Target { function, version } = target;
    match refusal.map(|error| format!("{error:#}")) {
        None => tracing::info!(function, version, "the version answers as it should"),
        Some(cause) => tracing::error!(function, version, cause, "the version is refused"),
    }
}
