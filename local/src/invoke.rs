//! Lambda's Invoke API on this machine: a function by its name, past the gate
//! and its routes. The emulator hangs a caller whose function has died, so
//! whoever invokes looks at the function's process too.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Client;
use serde_json::Value;
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

impl Invoker {
    /// An invoker through the emulator at this address.
    pub fn new(emulator: &str) -> Result<Self> {
        let client = Client::builder().no_proxy().connect_timeout(CONNECT_WITHIN).build()?;
        Ok(Self { client, emulator: emulator.to_owned() })
    }

    /// The function's answer. An error if it fails, dies or is out of time, in
    /// which case its process is replaced.
    pub async fn invoke(&self, function: &Backend, payload: &Value) -> Result<Value> {
        let (name, status) = (&function.name, function.status.now());
        if status.failing {
            bail!("{name} keeps dying; its log says why");
        }
        tokio::select! {
            answer = timeout(function.deadline, self.call(name, payload)) => match answer {
                Ok(answer) => answer.with_context(|| format!("{name} failed")),
                Err(_elapsed) => {
                    function.give_up(status.deaths);
                    bail!("{name} did not answer within {} s", function.deadline.as_secs())
                }
            },
            () = function.status.died_since(status.deaths) => bail!("{name} died before it answered"),
        }
    }

    async fn call(&self, name: &str, payload: &Value) -> Result<Value> {
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.emulator);
        let answer = self.client.post(url).json(payload).send().await;
        let answer = answer.context("the emulator does not answer")?;
        let status = answer.status();
        let body = answer.text().await.context("the answer broke off")?;
        if !status.is_success() {
            bail!("{status}: {body}");
        }
        serde_json::from_str(&body).context("the answer is not JSON")
    }
}
