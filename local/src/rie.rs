//! The Lambda Runtime Interface Emulator that aws-sam-cli carries: what `sam
//! local invoke` starts inside its container, here without one. Unlike
//! `cargo lambda watch` it takes the gateway's own payloads.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::time::sleep;

use crate::process::{Child, free_port, tethered};
use crate::project::Project;

const MISSING: &str = "aws-sam-cli, which carries the Runtime Interface Emulator, is not installed: \
    run `make tools` (it needs Python)";
/// Of all functions: the emulator runs one and does not ask which.
const INVOCATIONS: &str = "2015-03-31/functions/function/invocations";
/// What the emulator sets itself, and what would have a function ask for more
/// than the one invocation that it can take.
const NOT_PASSED_ON: [&str; 2] = ["AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_MAX_CONCURRENCY"];

const START_ATTEMPTS: u32 = 3;
const READY_WITHIN: Duration = Duration::from_secs(10);
const PROBE_EVERY: Duration = Duration::from_millis(10);
const GRACE: Duration = Duration::from_secs(1);

/// One function under the emulator; both are gone when it is dropped.
#[derive(Debug)]
pub struct Rie {
    child: Child,
    port: u16,
    runtime_api: u16,
    client: reqwest::Client,
}

impl Rie {
    /// Starts the emulator on free ports. The function starts with the first
    /// invocation, in `environment` and nothing else.
    pub async fn start(
        project: &Project,
        function: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        Self::start_writing(Stdio::inherit, project, function, environment).await
    }

    /// The same, with what both write (the function's log) discarded.
    pub async fn start_quiet(
        project: &Project,
        function: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        Self::start_writing(Stdio::null, project, function, environment).await
    }

    async fn start_writing(
        output: fn() -> Stdio,
        project: &Project,
        function: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let program = emulator(&project.tools()).context(MISSING)?;
        let mut failure = None;
        for _ in 0..START_ATTEMPTS {
            let started = Self::spawn(&program, function, environment, output)?;
            match started.ready().await {
                Ok(()) => return Ok(started),
                // Another process may have been given the same free port.
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.expect("at least one attempt was made"))
    }

    /// The function's answer to one payload. Exclusive, because a second
    /// invocation at the same time crashes the emulator.
    pub async fn invoke(&mut self, payload: &Value) -> Result<Value> {
        let url = format!("http://127.0.0.1:{}/{INVOCATIONS}", self.port);
        let answer = self.client.post(url).json(payload).send().await;
        let answer = answer.context("the emulator does not answer")?;
        answer.json().await.context("the function's answer is not JSON")
    }

    /// Stops it, and the function with it.
    pub async fn stop(self) {
        self.child.stop(GRACE).await;
    }

    fn spawn(
        program: &Path,
        function: &Path,
        environment: &BTreeMap<String, String>,
        output: fn() -> Stdio,
    ) -> Result<Self> {
        let (port, runtime_api) = (free_port()?, free_port()?);
        let mut command = command(program, port, runtime_api, function);
        command.env_clear().envs(passed_on(environment));
        command.stdout(output()).stderr(output());
        let child = Child::spawn(command).context("starting the Runtime Interface Emulator")?;
        let client = reqwest::Client::new();
        Ok(Self { child, port, runtime_api, client })
    }

    /// A function that starts before its Runtime API listens dies of it.
    async fn ready(&self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        let listens = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        while Instant::now() < deadline && self.child.is_running() {
            if listens(self.runtime_api) && listens(self.port) {
                return Ok(());
            }
            sleep(PROBE_EVERY).await;
        }
        bail!("the Runtime Interface Emulator did not start on port {}", self.port)
    }
}

fn passed_on(environment: &BTreeMap<String, String>) -> impl Iterator<Item = (&String, &String)> {
    let keep = |name: &str| !NOT_PASSED_ON.contains(&name);
    environment.iter().filter(move |(name, _)| keep(name))
}

fn command(program: &Path, port: u16, runtime_api: u16, function: &Path) -> Command {
    let mut command = tethered(program);
    command
        .args(["--log-level", "warn"])
        .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")])
        .args(["--runtime-api-address", &format!("127.0.0.1:{runtime_api}")])
        .arg(function)
        .stdin(Stdio::null());
    command
}

/// The emulator for this machine's processor, inside the package that lies
/// beside the virtual environment's programs.
fn emulator(programs: &Path) -> Option<PathBuf> {
    let name = match std::env::consts::ARCH {
        "aarch64" => "aws-lambda-rie-arm64",
        _ => "aws-lambda-rie-x86_64",
    };
    let pythons = programs.parent()?.join("lib").read_dir().ok()?;
    pythons
        .filter_map(|python| Some(python.ok()?.path()))
        .map(|python| python.join("site-packages/samcli/local/rapid").join(name))
        .find(|emulator| emulator.is_file())
}
