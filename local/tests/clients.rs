//! The checkouts that the README shows: each runs as it stands there, against the whole
//! system, until its order is paid.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use domain::{OrderStatus, Provider};
use local::client::Client;
use local::project::Project;
use local::provider::{Event, Sender};
use local::seed::seed;
use local::stack::{Options, Stack};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

fn project() -> Project {
    Project::find().unwrap()
}

fn example() -> PathBuf {
    project().root().join("examples/typescript")
}

/// The first code in a language of the README's section on clients.
fn shown(language: &str) -> String {
    let readme = std::fs::read_to_string(project().root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Clients\n").unwrap();
    let (_, code) = section.split_once(&format!("\n```{language}\n")).unwrap();
    code.split_once("```\n").unwrap().0.to_owned()
}

/// A script of the example's package.json, run by the Node that set-up has installed.
fn npm_run(script: &str) -> Command {
    let (tools, path) = (project().tools(), env::var_os("PATH").unwrap_or_default());
    let path = env::join_paths([tools.clone()].into_iter().chain(env::split_paths(&path))).unwrap();
    let mut command = Command::new(tools.join("npm"));
    command.args(["run", "--silent", script]).current_dir(example()).env("PATH", path);
    command
}

/// What a command printed that went well.
fn printed(command: &mut Command) -> Vec<u8> {
    let ended = command.output().unwrap();
    let said = [&*ended.stdout, &*ended.stderr].map(String::from_utf8_lossy);
    assert!(ended.status.success(), "{command:?}: {}{}", said[0], said[1]);
    ended.stdout
}

/// A shop with its catalogue, and a user whose orders get paid.
struct Shop {
    stack: Stack,
    token: String,
    provider: JoinHandle<()>,
    _state: TempDir,
}

impl Shop {
    async fn open() -> Self {
        let state = tempfile::tempdir().unwrap();
        let options = Options { streams: true, ..Options::for_tests(state.path()) };
        let stack = Stack::start(options, |_| {}).await.unwrap();
        let token = |user, scopes| stack.token(user, scopes, Duration::from_hours(1)).unwrap();
        let keeper = Client::new(stack.url(), &token("keeper", "catalog:write")).unwrap();
        seed(&keeper).await.unwrap();
        let token = token("ann", "");
        let provider = tokio::spawn(pay(keeper.with_token(&token), stack.provider().unwrap()));
        Self { stack, token, provider, _state: state }
    }

    /// The order that a checkout prints.
    async fn order_of(self, checkout: &mut Command) -> Value {
        checkout.env("API", self.stack.url()).env("TOKEN", &self.token).env("no_proxy", "*");
        let order = serde_json::from_slice(&printed(checkout)).unwrap();
        self.provider.abort();
        self.stack.stop().await;
        order
    }
}

/// Pays whatever the user orders.
async fn pay(user: Client, provider: Sender) {
    loop {
        let orders = user.orders(None).await.unwrap().items.into_iter();
        for order in orders.filter(|order| order.status == OrderStatus::PendingPayment) {
            let event = Event::succeeded(&order.id, order.total);
            provider.send(Provider::Stripe, &event).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn assert_paid(order: &Value) {
    assert_eq!(order["status"], "paid", "{order}");
    assert_eq!(order["items"][0]["quantity"], 2, "{order}");
    assert_eq!(order["payment"]["captured"], order["total"], "{order}");
}

#[test]
fn the_readme_shows_the_typescript_checkout_as_it_is() {
    let file = std::fs::read_to_string(example().join("checkout.ts")).unwrap();
    assert_eq!(shown("ts"), file, "README.md does not show examples/typescript/checkout.ts");
}

#[test]
fn the_typescript_checkout_has_the_types_of_the_document() {
    printed(&mut npm_run("generate"));
    printed(&mut npm_run("check"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_checkout_ends_with_a_paid_order() {
    let shop = Shop::open().await;
    assert_paid(&shop.order_of(&mut npm_run("checkout")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_curl_checkout_ends_with_a_paid_order() {
    let (shop, folder) = (Shop::open().await, tempfile::tempdir().unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &shown("sh")]).current_dir(folder.path());
    assert_paid(&shop.order_of(&mut bash).await);
}
