//! A `moto_server` of one's own on a free port, gone when it is dropped.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

pub(crate) struct Moto {
    child: Child,
    port: u16,
    /// Kept open: without a reader, moto fails at its first line of log.
    _log: BufReader<ChildStderr>,
}

impl Moto {
    pub(crate) fn start(tools: &Path) -> Self {
        let mut child = Command::new(tools.join("moto_server"))
            .args(["--host", "127.0.0.1", "--port", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let port = told_port(&mut log);
        Self { child, port, _log: log }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A plain request to it, which it takes by the service that its signature would be for.
    pub(crate) fn ask(&self, service: &str, path: &str, arguments: &[&str]) -> String {
        let scope = format!("test/20261126/eu-west-1/{service}/aws4_request");
        let signed =
            format!("Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let mut command = Command::new("curl");
        command.args(["--silent", "--fail", "--header", &signed]).args(arguments);
        let output = command.arg(format!("{}{path}", self.endpoint())).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Gone already if it broke, which the test then says.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// It says its port when it listens.
fn told_port(log: &mut impl BufRead) -> u16 {
    let mut lines = log.lines().map(|line| line.unwrap());
    let line = lines.find(|line| line.contains("Running on http://")).unwrap();
    line.rsplit_once(':').unwrap().1.trim().parse().unwrap()
}
