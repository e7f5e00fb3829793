//! Lambda's Invoke API on this machine: a function by its name, past the gate
//! and its routes. The emulator hangs a caller whose function has died, so
//! whoever invokes looks at the function's process too.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use reqwest::Client;
use serde_json::Value;
use thiserror::Error;
use tokio::time::timeout;

use crate::gate::Backend;

/// How long the emulator may take to be reached.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Invokes functions through the emulator.
#[derive(Clone, Debug)]
pub struct Invoker {
    client: Client,
    emulator: String,
}

/// Why an invocation has no answer.
#[derive(Debug, Error)]
pub enum Failure {
    /// The function has no process to run it.
    #[error("{0} keeps dying; its log says why")]
    KeepsDying(String),
    /// The emulator is not there.
    #[error("{0} was not invoked, the emulator cannot be reached: {1:#}")]
    Unreachable(String, anyhow::Error),
    /// The function or the emulator answered with an error, or with what is
    /// not JSON, or the answer broke off.
    #[error("{0} failed: {1:#}")]
    Failed(String, anyhow::Error),
    /// It took longer than the function's time-out.
    #[error("{0} did not answer within {secs} s", secs = .1.as_secs())]
    OutOfTime(String, Duration),
    /// The process of the function ended.
    #[error("{0} died before it answered")]
    Died(String),
}

impl Failure {
    /// Whether the function may have begun to handle the payload.
    pub fn is_of_function(&self) -> bool {
        !matches!(self, Self::KeepsDying(_) | Self::Unreachable(..))
    }
}

impl Invoker {
    /// An invoker through the emulator at this address.
    pub fn new(emulator: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().connect_timeout(CONNECT_WITHIN).build()?;
        Ok(Self { client, emulator: emulator.to_owned() })
    }

    /// The function's answer. An error if it fails, dies or is out of time, in
    /// which case its process is replaced.
    pub async fn invoke(&self, function: &Backend, payload: &Value) -> Result<Value, Failure> {
        let (name, status) = (&function.name, function.status.now());
        if status.failing {
            return Err(Failure::KeepsDying(name.clone()));
        }
        tokio::select! {
            answer = timeout(function.deadline, self.call(name, payload)) => answer.unwrap_or_else(|_elapsed| {
                function.give_up(status.deaths);
                Err(Failure::OutOfTime(name.clone(), function.deadline))
            }),
            () = function.status.died_since(status.deaths) => Err(Failure::Died(name.clone())),
        }
    }

    async fn call(&self, name: &str, payload: &Value) -> Result<Value, Failure> {
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.emulator);
        let failed = |cause| Failure::Failed(name.to_owned(), cause);
        let sent = self.client.post(url).json(payload).send().await;
        let answer = sent.map_err(|error| unanswered(name, error))?;
        let status = answer.status();
        let body = answer.text().await.context("the answer broke off").map_err(failed)?;
        if !status.is_success() {
            return Err(failed(anyhow!("{status}: {}", message(&body))));
        }
        serde_json::from_str(&body).context("the answer is not JSON").map_err(failed)
    }
}

/// A function's own words (AWS: "Lambda function errors"), or else all that came.
fn message(body: &str) -> String {
    let error: Option<Value> = serde_json::from_str(body).ok();
    let message = error.as_ref().and_then(|error| error["errorMessage"].as_str());
    message.unwrap_or(body).to_owned()
}

/// Only a call that found no emulator surely began nothing.
fn unanswered(name: &str, error: reqwest::Error) -> Failure {
    let name = name.to_owned();
    if error.is_connect() {
        Failure::Unreachable(name, error.into())
    } else {
        Failure::Failed(name, anyhow!(error).context("the emulator does not answer"))
    }
}
