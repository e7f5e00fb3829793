//! A `moto_server` of one's own: Secrets Manager on a free port, gone at the end of
//! the test. It writes down each request.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use aws_sdk_secretsmanager::config::{Credentials, Region};
use aws_sdk_secretsmanager::{Client, Config};
use serde_json::json;
use tempfile::TempDir;

use crate::tools::tool;

/// The name of the one secret.
pub(crate) const NAME: &str = "shop/webhooks";

pub(crate) struct MotoServer {
    child: Child,
    port: u16,
    record: TempDir,
    /// Kept open: without a reader, moto fails at its first line of log.
    _log: BufReader<ChildStderr>,
}

impl MotoServer {
    pub(crate) fn start() -> Self {
        Self::start_on(0)
    }

    /// On this port, such as that of one that was stopped.
    pub(crate) fn start_on(port: u16) -> Self {
        let record = tempfile::tempdir().expect("a folder");
        let mut child = launch(port, &record);
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let port = told_port(&mut log);
        Self { child, port, record, _log: log }
    }

    /// Stops it; its port, where nobody answers now.
    pub(crate) fn stop(self) -> u16 {
        self.port
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes the secret with these lists.
    pub(crate) async fn create(&self, stripe: &str, standard: &str) {
        let create = self.client().create_secret().name(NAME).secret_string(value(stripe, standard));
        create.send().await.expect("moto makes it");
    }

    /// Gives the secret other lists.
    pub(crate) async fn rotate(&self, stripe: &str, standard: &str) {
        self.put(&value(stripe, standard)).await;
    }

    /// Gives the secret another value.
    pub(crate) async fn put(&self, value: &str) {
        let put = self.client().put_secret_value().secret_id(NAME).secret_string(value);
        put.send().await.expect("moto takes it");
    }

    /// Deletes the secret: asking for it is refused from now on.
    pub(crate) async fn delete(&self) {
        let delete = self.client().delete_secret().secret_id(NAME).force_delete_without_recovery(true);
        delete.send().await.expect("moto deletes it");
    }

    /// How often the secret was asked for.
    pub(crate) fn fetches(&self) -> usize {
        let record = std::fs::read_to_string(self.record.path().join("requests")).expect("it is written");
        record.lines().filter(|request| request.contains("secretsmanager.GetSecretValue")).count()
    }

    fn client(&self) -> Client {
        let config = Config::builder()
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .endpoint_url(self.endpoint())
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        Client::from_conf(config.build())
    }
}

impl Drop for MotoServer {
    fn drop(&mut self) {
        // Gone already if it broke, which the test then says.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn value(stripe: &str, standard: &str) -> String {
    json!({"STRIPE_WEBHOOK_SECRETS": stripe, "STANDARD_WEBHOOK_SECRETS": standard}).to_string()
}

fn launch(port: u16, record: &TempDir) -> Child {
    Command::new(tool("moto_server"))
        .args(["--host", "127.0.0.1", "--port", &port.to_string()])
        .env("MOTO_ENABLE_RECORDING", "true")
        .env("MOTO_RECORDER_FILEPATH", record.path().join("requests"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started")
}

/// It says its port when it listens.
fn told_port(log: &mut impl BufRead) -> u16 {
    let mut lines = log.lines().map(|line| line.expect("text"));
    let line = lines.find(|line| line.contains("Running on http://")).expect("moto_server comes up");
    let (_, port) = line.rsplit_once(':').expect("an address has a port");
    port.trim().parse().expect("a port is a number")
}
