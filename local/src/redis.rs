//! The shared cache: `redis-server` (or `valkey-server`) as a child process.
//! It keeps nothing on disk: a cache may vanish at any moment.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use tokio::time::sleep;

use crate::process::{Child, find, free_port, tethered};

/// What to do when neither server is installed.
pub const MISSING: &str = "no redis-server or valkey-server on the PATH: \
    install one (apt-get install redis-server, brew install valkey)";

const START_ATTEMPTS: u32 = 5;
const READY_WITHIN: Duration = Duration::from_secs(5);
const PROBE_EVERY: Duration = Duration::from_millis(5);
const GRACE: Duration = Duration::from_secs(1);

/// A cache server of our own.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// Starts a server on a free port and waits until it answers.
    pub async fn start() -> Result<Self> {
        let mut failure = None;
        for _ in 0..START_ATTEMPTS {
            match Self::start_on(free_port()?).await {
                Ok(started) => return Ok(started),
                // Another process may have been given the same free port.
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.expect("at least one attempt was made"))
    }

    /// Starts a server on this port and waits until it answers.
    pub async fn start_on(port: u16) -> Result<Self> {
        let redis = Self { child: spawn(port)?, port };
        redis.ready().await?;
        Ok(redis)
    }

    /// Whether this machine has a server to start.
    pub fn is_installed() -> bool {
        program().is_some()
    }

    /// Its address, as `CACHE_URL` takes it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port on the loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub fn id(&self) -> i32 {
        self.child.id()
    }

    /// Kills it, as a crash would: connections are reset.
    pub async fn kill(&self) {
        self.child.kill().await;
    }

    /// Starts it again on the same port, empty.
    pub async fn restart(&mut self) -> Result<()> {
        self.kill().await;
        *self = Self::start_on(self.port).await?;
        Ok(())
    }

    /// Freezes it: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.child.signal(Signal::SIGSTOP);
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.child.signal(Signal::SIGCONT);
    }

    /// Stops it.
    pub async fn stop(self) {
        self.thaw();
        self.child.stop(GRACE).await;
    }

    async fn ready(&self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline && self.child.is_running() {
            if self.answers().is_ok_and(|ours| ours) {
                return Ok(());
            }
            sleep(PROBE_EVERY).await;
        }
        bail!("the cache server did not start on port {}", self.port)
    }

    /// Whether the process that answers on the port is this child, and not
    /// another that was given the same free port.
    fn answers(&self) -> std::io::Result<bool> {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let mut stream = TcpStream::connect_timeout(&address, READY_WITHIN)?;
        stream.set_read_timeout(Some(READY_WITHIN))?;
        stream.write_all(b"INFO server\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let ours = format!("process_id:{}", self.child.id());
        Ok(answer.lines().any(|line| line == ours))
    }
}

fn program() -> Option<PathBuf> {
    find("redis-server").or_else(|| find("valkey-server"))
}

fn spawn(port: u16) -> Result<Child> {
    let mut command = tethered(&program().context(MISSING)?);
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no"])
        // As ElastiCache: bounded, and the least used go first.
        .args(["--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru"])
        .args(["--loglevel", "warning"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Child::spawn(command).context("starting the cache server")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_killed_server_comes_back_on_its_port() {
        let mut redis = Redis::start().await.unwrap();
        let (port, first) = (redis.port(), redis.id());
        redis.kill().await;
        assert!(redis.answers().is_err());
        redis.restart().await.unwrap();
        assert_eq!(redis.port(), port);
        assert_ne!(redis.id(), first);
        redis.stop().await;
    }

    #[tokio::test]
    async fn a_taken_port_is_refused() {
        let redis = Redis::start().await.unwrap();
        let error = Redis::start_on(redis.port()).await.unwrap_err();
        assert!(error.to_string().contains("did not start on port"));
    }
}
