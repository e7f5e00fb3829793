//! Keeps one function's process running: started again at once when it dies,
//! ever more slowly when it keeps dying, killed when an invocation has run out
//! of time, as Lambda does.

use std::fs::{File, OpenOptions};
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::FutureExt;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Environment, Status, StatusReceiver};
use crate::process::{Child, tethered};

/// A process that lived this long did start.
const STARTED_AFTER: Duration = Duration::from_secs(2);
/// Deaths during start-up, one after another, that are still answered at once.
const QUICK_RESTARTS: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Lambda gives a function 300 ms to 2 s to shut down.
const GRACE: Duration = Duration::from_secs(1);

/// One function under supervision.
#[derive(Debug)]
pub struct Supervisor {
    status: StatusReceiver,
    kill: Arc<Notify>,
    stop: CancellationToken,
    task: JoinHandle<ControlFlow<()>>,
}

/// How to start a function's process.
#[derive(Clone, Debug)]
struct Program {
    name: String,
    binary: PathBuf,
    environment: Environment,
    log: PathBuf,
}

impl Supervisor {
    /// Starts the function with exactly this environment; its log file starts
    /// anew. An error if not even the first process can be started.
    pub fn start(name: &str, binary: PathBuf, environment: Environment, log: PathBuf) -> Result<Self> {
        File::create(&log).with_context(|| format!("writing {}", log.display()))?;
        let program = Program { name: name.to_owned(), binary, environment, log };
        let first = program.spawn()?;
        let (said, status) = watch::channel(Status::default());
        let (kill, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let watcher = Watcher { program, status: said, kill: kill.clone(), stop: stop.clone() };
        watcher.says_running(&first);
        let task = tokio::spawn(watcher.watch(first));
        Ok(Self { status: StatusReceiver::new(status), kill, stop, task })
    }

    /// Follows its state.
    pub fn status(&self) -> StatusReceiver {
        self.status.clone()
    }

    /// What kills the process for a new one when notified: for an invocation
    /// that has run out of time.
    pub fn killer(&self) -> Arc<Notify> {
        self.kill.clone()
    }

    /// Stops the process for good.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Program {
    fn spawn(&self) -> Result<Child> {
        let log = OpenOptions::new().append(true).create(true).open(&self.log)?;
        let mut command = tethered(&self.binary);
        command.env_clear().envs(&self.environment).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Child::spawn(command).with_context(|| format!("starting {}", self.binary.display()))
    }
}

struct Watcher {
    program: Program,
    status: watch::Sender<Status>,
    kill: Arc<Notify>,
    stop: CancellationToken,
}

impl Watcher {
    async fn watch(self, first: Child) -> ControlFlow<()> {
        let mut child = Some(first);
        let mut early_deaths = 0;
        loop {
            let started = Instant::now();
            if let Some(child) = child.take() {
                self.until_death(&child).await?;
            }
            early_deaths = if started.elapsed() < STARTED_AFTER { early_deaths + 1 } else { 0 };
            self.pause(early_deaths).await?;
            child = self.spawn();
        }
    }

    /// Returns when it does not run any more, and says so.
    async fn until_death(&self, child: &Child) -> ControlFlow<()> {
        let then = self.end_of(child).await;
        self.status.send_modify(|status| {
            status.process = None;
            status.deaths += 1;
        });
        // A second order for this process must not kill its successor. The
        // gate gives none any more once it sees the death.
        let _ = self.kill.notified().now_or_never();
        then
    }

    async fn end_of(&self, child: &Child) -> ControlFlow<()> {
        let function = &self.program.name;
        tokio::select! {
            status = child.exited() => {
                let how = status.map(|status| status.to_string());
                tracing::warn!(function, how, "a function's process died");
            }
            () = self.kill.notified() => {
                tracing::warn!(function, "an invocation ran out of time: its process is replaced");
                child.kill().await;
            }
            () = self.stop.cancelled() => {
                child.stop(GRACE).await;
                return Break(());
            }
        }
        Continue(())
    }

    async fn pause(&self, early_deaths: u32) -> ControlFlow<()> {
        let Some(pause) = pause_after(early_deaths) else {
            return Continue(());
        };
        tracing::error!(
            function = self.program.name,
            log = %self.program.log.display(),
            pause_ms = pause.as_millis(),
            "a function keeps dying; its log says why"
        );
        self.status.send_modify(|status| status.failing = true);
        tokio::select! {
            () = tokio::time::sleep(pause) => Continue(()),
            () = self.stop.cancelled() => Break(()),
        }
    }

    fn spawn(&self) -> Option<Child> {
        match self.program.spawn() {
            Ok(child) => {
                self.says_running(&child);
                Some(child)
            }
            // Its binary may be just being built again: one more early death.
            Err(error) => {
                tracing::error!(function = self.program.name, "{error:#}");
                None
            }
        }
    }

    fn says_running(&self, child: &Child) {
        self.status.send_modify(|status| {
            status.process = Some(child.id());
            status.failing = false;
        });
    }
}

/// How long to wait before the next attempt.
fn pause_after(early_deaths: u32) -> Option<Duration> {
    let doublings = early_deaths.checked_sub(QUICK_RESTARTS + 1)?;
    let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings));
    Some(pause.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn supervise(script: &str, folder: &tempfile::TempDir) -> Supervisor {
        let (binary, log) = (folder.path().join("function"), folder.path().join("function.log"));
        std::fs::write(&binary, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&binary, Permissions::from_mode(0o700)).unwrap();
        Supervisor::start("function", binary, Environment::new(), log).unwrap()
    }

    const ENDLESS: &str = "exec sleep 600";

    #[tokio::test]
    async fn a_killed_process_is_started_again_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = supervise(ENDLESS, &folder);
        let status = supervisor.status();
        let first = status.now().process.unwrap();
        let started = Instant::now();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(first), nix::sys::signal::SIGKILL).unwrap();
        let second = status.running_other_than(Some(first)).await;
        assert!(second.is_some());
        assert!(started.elapsed() < FIRST_PAUSE);
        supervisor.stop().await;
        assert_eq!(status.now().process, None);
    }

    #[tokio::test]
    async fn an_invocation_out_of_time_costs_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = supervise(ENDLESS, &folder);
        let status = supervisor.status();
        let first = status.now().process;
        supervisor.killer().notify_one();
        status.died_since(0).await;
        assert_ne!(status.running_other_than(first).await, None);
        supervisor.stop().await;
    }

    #[tokio::test]
    async fn a_process_that_keeps_dying_is_said_to_fail() {
        let folder = tempfile::tempdir().unwrap();
        let supervisor = supervise("exit 1", &folder);
        let status = supervisor.status();
        status.died_since(u64::from(QUICK_RESTARTS)).await;
        tokio::time::sleep(FIRST_PAUSE / 2).await;
        assert!(status.now().failing);
        supervisor.stop().await;
    }

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert_eq!(pause_after(QUICK_RESTARTS), None);
        assert_eq!(pause_after(QUICK_RESTARTS + 1), Some(FIRST_PAUSE));
        assert_eq!(pause_after(QUICK_RESTARTS + 2), Some(2 * FIRST_PAUSE));
        assert_eq!(pause_after(1_000), Some(LONGEST_PAUSE));
    }
}
