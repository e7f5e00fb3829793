//! A `redis-server` of one's own, on a free port, gone at the end of the test.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Another process may take a port between our looking and the server's binding.
const ATTEMPTS: u32 = 5;

pub(crate) struct RedisServer {
    port: u16,
    child: Child,
    directory: TempDir,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let mut child = launch(port, &directory, &[]);
            if answers(port, &mut child) {
                return Self { port, child, directory };
            }
        }
        unreachable!("redis-server did not come up on any of {ATTEMPTS} free ports")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// SIGKILL: connections break, data are lost.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it can be waited for");
    }

    /// An empty server on the same port.
    pub(crate) fn restart(&mut self) {
        self.child = launch(self.port, &self.directory, &[]);
        assert!(answers(self.port, &mut self.child), "redis-server did not come back");
    }

    /// The same server on the same port with a dump that takes it half a minute to load.
    pub(crate) fn restart_loading(&mut self) {
        let _: () = self.ask(&["DEBUG", "POPULATE", "3000"]);
        let _: () = self.ask(&["SAVE"]);
        self.kill();
        let slowly = ["--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"];
        self.child = launch(self.port, &self.directory, &slowly);
        assert!(accepts(self.port), "redis-server did not come back");
    }

    pub(crate) fn finish_loading(&mut self) {
        self.kill();
        std::fs::remove_file(self.directory.path().join("dump.rdb")).expect("it was saved");
        self.restart();
    }

    /// SIGSTOP: connections stand, nothing answers.
    pub(crate) fn hang(&self) {
        kill(self.pid(), Signal::SIGSTOP).expect("it was running");
    }

    pub(crate) fn resume(&self) {
        kill(self.pid(), Signal::SIGCONT).expect("it was stopped");
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Asks it something, past any cache.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        self.try_ask(command).expect("a proper command")
    }

    pub(crate) fn try_ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> redis::RedisResult<T> {
        let (name, arguments) = command.split_first().expect("a command");
        redis::cmd(name).arg(arguments).query(&mut connect(self.port)?)
    }

    /// How often it has run a command.
    pub(crate) fn calls(&self, command: &str) -> u64 {
        let stats: String = self.ask(&["INFO", "commandstats"]);
        let prefix = format!("cmdstat_{command}:calls=");
        let line = stats.lines().find_map(|line| line.strip_prefix(&prefix));
        line.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or(0)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // Already gone if the test killed it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    probe.local_addr().expect("it is bound").port()
}

fn launch(port: u16, directory: &TempDir, options: &[&str]) -> Child {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"])
        .arg(port.to_string())
        .args(["--enable-debug-command", "yes"])
        .args(options)
        .current_dir(directory.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("these tests need `redis-server` (7 or later) on the PATH")
}

fn answers(port: u16, child: &mut Child) -> bool {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(20) {
        if child.try_wait().expect("it can be asked").is_some() {
            return false;
        }
        if connect(port).is_ok_and(|mut redis| redis::cmd("PING").exec(&mut redis).is_ok()) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}

fn accepts(port: u16) -> bool {
    let mut attempts = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(5));
        std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    });
    attempts.by_ref().take(4_000).any(|connected| connected)
}

fn connect(port: u16) -> redis::RedisResult<redis::Connection> {
    redis::Client::open(("127.0.0.1", port))?.get_connection_with_timeout(Duration::from_secs(5))
}
