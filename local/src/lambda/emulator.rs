//! `cargo lambda watch --only-lambda-apis`: the Lambda Runtime API and a
//! router of HTTP requests to functions, from the root manifest.

use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::time::sleep;

use crate::process::{Child, find, free_port, tethered};
use crate::project::Project;

const PROGRAM: &str = "cargo-lambda";
/// What to do when the emulator is not installed.
const MISSING: &str = "cargo-lambda is not installed: run `make tools` (it needs Python)";

const START_ATTEMPTS: u32 = 3;
/// It asks cargo for the workspace's functions before it listens.
const READY_WITHIN: Duration = Duration::from_secs(30);
const PROBE_EVERY: Duration = Duration::from_millis(10);
const GRACE: Duration = Duration::from_millis(500);

/// The running emulator.
#[derive(Debug)]
pub struct Emulator {
    child: Child,
    port: u16,
}

impl Emulator {
    /// Starts it on a free port, its output in the file `log`, and waits until
    /// it listens.
    pub async fn start(project: &Project, log: &Path) -> Result<Self> {
        let program = program(project).context(MISSING)?;
        let mut failure = None;
        for _ in 0..START_ATTEMPTS {
            let started = Self::spawn(&program, project, log)?;
            match started.ready().await {
                Ok(()) => return Ok(started),
                // Another process may have been given the same free port.
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.expect("at least one attempt was made"))
            .with_context(|| format!("its output is in {}", log.display()))
    }

    /// Whether this clone or machine has it.
    pub fn check_installed(project: &Project) -> Result<()> {
        program(project).map(drop).context(MISSING)
    }

    /// Where it takes requests.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The Runtime API of one function, as `AWS_LAMBDA_RUNTIME_API` takes it.
    pub fn runtime_api(&self, function: &str) -> String {
        format!("http://{}/.rt/{function}", self.address())
    }

    /// Its process id.
    pub fn id(&self) -> i32 {
        self.child.id()
    }

    /// Returns when it has died.
    pub async fn exited(&self) {
        self.child.exited().await;
    }

    /// Stops it.
    pub async fn stop(&self) {
        self.child.stop(GRACE).await;
    }

    fn spawn(program: &Path, project: &Project, log: &Path) -> Result<Self> {
        let port = free_port()?;
        let output = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        let mut command = tethered(program);
        command
            .args(["lambda", "watch", "--only-lambda-apis", "--disable-cors"])
            .args(["--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
            .current_dir(project.root())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = Child::spawn(command).context("starting cargo-lambda")?;
        Ok(Self { child, port })
    }

    async fn ready(&self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline && self.child.is_running() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(());
            }
            sleep(PROBE_EVERY).await;
        }
        bail!("the Lambda emulator did not start on port {}", self.port)
    }
}

/// The clone's own (its version is pinned), else the machine's.
fn program(project: &Project) -> Option<PathBuf> {
    let own = project.tools().join(PROGRAM);
    own.is_file().then_some(own).or_else(|| find(PROGRAM))
}
