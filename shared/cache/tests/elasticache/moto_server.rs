//! A `moto_server` of one's own, on a free port, gone at the end of the test.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use aws_sdk_elasticache::Client;

use crate::stage::{client, tool};

pub(crate) struct MotoServer {
    child: Child,
    port: u16,
    /// Kept open: without a reader, moto fails at its first line of log.
    _log: BufReader<ChildStderr>,
}

impl MotoServer {
    pub(crate) fn start() -> Self {
        let mut child = launch();
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let port = port(&mut log);
        Self { child, port, _log: log }
    }

    pub(crate) fn client(&self) -> Client {
        client(self.port)
    }
}

impl Drop for MotoServer {
    fn drop(&mut self) {
        // Gone already if it broke, which the test then says.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch() -> Child {
    Command::new(tool("moto_server"))
        .args(["--host", "127.0.0.1", "--port", "0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started")
}

/// It says its port when it listens.
fn port(log: &mut impl BufRead) -> u16 {
    let mut lines = log.lines().map(|line| line.expect("text"));
    let line = lines.find(|line| line.contains("Running on http://")).expect("moto_server comes up");
    let (_, port) = line.rsplit_once(':').expect("an address has a port");
    port.trim().parse().expect("a port is a number")
}
