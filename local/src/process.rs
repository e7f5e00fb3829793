//! A child process that never outlives the stack: its own process group,
//! killed on drop, and where util-linux has `setpriv`, killed by the kernel
//! too when this process dies without a word.

use std::{
    ffi::OsStr,
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{sync::watch, time::timeout};

/// A running (or finished) child.
#[derive(Debug)]
pub struct Child {
    group: Pid,
    status: watch::Receiver<Option<ExitStatus>>,
}

impl Child {
    /// Starts the command in a process group of its own, so that a terminal's
    /// Ctrl-C reaches only us and we stop the children in order.
    pub fn spawn(mut command: Command) -> io::Result<Self> {
        let (started, pid) = std::sync::mpsc::sync_channel(1);
        let (exited, status) = watch::channel(None);
        command.process_group(0);
        // The kernel's parent-death signal follows the thread that spawned.
        // This one lives exactly as long as the child, unlike a runtime's.
        thread::Builder::new().name("child".into()).spawn(move || match command.spawn() {
            Ok(mut child) => {
                let _ = started.send(Ok(child.id()));
                let _ = exited.send(child.wait().ok());
            }
            Err(error) => drop(started.send(Err(error))),
        })?;
        let id = pid.recv().map_err(io::Error::other)??;
        let group = Pid::from_raw(id.try_into().map_err(io::Error::other)?);
        Ok(Self { group, status })
    }

    /// Process id, which is the group's too.
    pub fn id(&self) -> i32 {
        self.group.as_raw()
    }

    /// Whether it has not exited yet.
    pub fn is_running(&self) -> bool {
        self.status.borrow().is_none() && self.status.has_changed().is_ok()
    }

    /// Waits until it has exited; `None` if how is unknown.
    pub async fn exited(&self) -> Option<ExitStatus> {
        let mut status = self.status.clone();
        let known = status.wait_for(Option::is_some).await;
        known.ok().and_then(|status| *status)
    }

    /// Sends a signal to the whole group; nothing to a child that has exited,
    /// whose id may be another's by now.
    pub fn signal(&self, signal: Signal) {
        if self.is_running() {
            let _ = killpg(self.group, signal);
        }
    }

    /// Asks it to stop, and kills it if it has not after `grace`.
    pub async fn stop(&self, grace: Duration) {
        self.signal(Signal::SIGTERM);
        if timeout(grace, self.exited()).await.is_err() {
            self.kill().await;
        }
    }

    /// Kills it and waits until it is gone.
    pub async fn kill(&self) {
        self.signal(Signal::SIGKILL);
        self.exited().await;
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

/// A command for `program` that the kernel kills when this process dies, if
/// this machine has the means.
pub fn tethered(program: &Path) -> Command {
    match find("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// The first file of that name on the search path.
pub fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program.as_ref())).find(|file| file.is_file())
}

/// A TCP port on the loopback that nobody listens on just now. Another process
/// may take it before the child does, so whoever starts one tries again.
pub fn free_port() -> io::Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        let mut command = tethered(&find("sleep").unwrap());
        command.arg("600");
        Child::spawn(command).unwrap()
    }

    fn is_alive(id: i32) -> bool {
        nix::sys::signal::kill(Pid::from_raw(id), None).is_ok()
    }

    #[tokio::test]
    async fn a_stopped_child_is_gone() {
        let child = sleeper();
        child.stop(Duration::from_secs(5)).await;
        assert!(!child.is_running());
        assert!(!is_alive(child.id()));
    }

    #[tokio::test]
    async fn a_child_that_ignores_the_request_is_killed() {
        let mut command = tethered(&find("sh").unwrap());
        command.args(["-c", "trap '' TERM; while true; do sleep 600; done"]);
        let child = Child::spawn(command).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        child.stop(Duration::from_millis(100)).await;
        assert!(!is_alive(child.id()));
    }

    #[tokio::test]
    async fn a_dropped_child_is_killed() {
        let child = sleeper();
        let mut status = child.status.clone();
        drop(child);
        let status = status.wait_for(Option::is_some).await.unwrap().unwrap();
        assert!(!status.success());
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        assert!(Child::spawn(Command::new("no-such-program")).is_err());
    }
}
