//! A shop whose rate limits come from the environment of `local run`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use local::stack::Addresses;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Client, StatusCode};
use serde_json::json;

fn local(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments).arg("--state").arg(state);
    command
}

/// The running system, which stops with the test.
struct System(Child);

impl System {
    fn run(state: &Path, limits: [(&str, &str); 2]) -> Self {
        let mut command = local(state, &["run", "--port", "0"]);
        command.envs(limits).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut system = Self(command.spawn().unwrap());
        let said = BufReader::new(system.0.stdout.as_mut().unwrap());
        assert!(said.lines().any(|line| line.unwrap().contains("Stop it with Ctrl-C")), "it did not start");
        system
    }
}

impl Drop for System {
    fn drop(&mut self) {
        kill(Pid::from_raw(self.0.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        self.0.wait().unwrap();
    }
}

fn token(state: &Path) -> String {
    let output = local(state, &["token", "--user", "ann"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_run_takes_its_limits_from_its_environment() {
    let state = tempfile::tempdir().unwrap();
    let limits = [("RATE_LIMIT_CHECKOUT", "2/3600"), ("RATE_LIMIT_SEARCH", "off")];
    let _system = System::run(state.path(), limits);
    let (url, token, client) =
        (Addresses::of_running(state.path()).unwrap().api, token(state.path()), Client::new());
    let order = async |key: u16| {
        let order = client.post(format!("{url}/api/orders")).bearer_auth(&token);
        let order =
            order.header("idempotency-key", key).header("x-forwarded-for", format!("203.0.113.{key}"));
        order.json(&json!({"from_cart": true})).send().await.unwrap()
    };
    for key in 1..=2 {
        assert_eq!(order(key).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "her cart is empty");
    }
    let refused = order(3).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["ratelimit-policy"], "\"checkout\";q=2;w=3600");
    assert!(refused.headers().contains_key("retry-after"));
    let search = client.get(format!("{url}/api/products/search?q=mug")).send().await.unwrap();
    assert!(!search.headers().contains_key("ratelimit-policy"), "it is off");
    let cart = client.get(format!("{url}/api/cart")).bearer_auth(&token).send().await.unwrap();
    assert_eq!(cart.headers()["ratelimit-policy"], "\"account-reads\";q=100000;w=60", "plenty elsewhere");
}
