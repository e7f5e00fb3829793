//! What the scenes have in common: the project's Python tools, and a client.

use std::path::{Path, PathBuf};

use aws_sdk_elasticache::config::{Credentials, Region};
use aws_sdk_elasticache::{Client, Config};

/// A program of the project's virtual environment.
pub(crate) fn tool(name: &str) -> PathBuf {
    let venv = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools/venv/bin");
    let path = Path::new(venv).join(name);
    assert!(path.exists(), "the project's Python tools lack {name}: run make test, which installs them");
    path
}

/// A client of whatever answers on a port of this machine.
pub(crate) fn client(port: u16) -> Client {
    let config = Config::builder()
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}
