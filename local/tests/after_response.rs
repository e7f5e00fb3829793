//! What a function does after its response, one invocation at a time as on Lambda; and
//! what the fleet's callers can say of its window.

use std::sync::Arc;
use std::time::Duration;

use local::gate::Backend;
use local::invoke::Invoker;
use local::lambda::{Binaries, Emulator, RateLimits, StatusReceiver, Supervisor, Surroundings};
use local::project::Project;
use local::provider::Secrets;
use local::stack::{Options, Stack};
use local::testing::{Database, Redis, Tokens, fleet_at};
use monitoring::{Count, Measure, Totals};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Notify;

/// Far longer than what was counted may wait before it is told.
const AT_LAST: Duration = Duration::from_mins(1);

/// The sums of the fleet at a cache, once they are so.
async fn fleet(cache: &str, is_so: impl Fn(&Totals) -> bool) -> Totals {
    let monitoring = fleet_at(cache);
    let reached = async {
        loop {
            match monitoring.window(30).await.map(|window| window.total()) {
                Some(total) if is_so(&total) => return total,
                _ => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    tokio::time::timeout(AT_LAST, reached).await.expect("it comes to that")
}

/// A function that has all the time that it needs.
fn backend(name: &str) -> Backend {
    Backend {
        name: name.to_owned(),
        deadline: AT_LAST,
        status: StatusReceiver::immortal(),
        out_of_time: Arc::new(Notify::new()),
    }
}

#[tokio::test]
async fn functions_that_take_one_invocation_at_a_time_tell_of_each_when_they_end() {
    let project = Project::find().unwrap();
    let (database, cache, tokens) = (Database::memory().await, Redis::start().await, Tokens::new());
    let folder = TempDir::new().unwrap();
    let lambda = Emulator::start(&project, &folder.path().join("emulator.log")).await.unwrap();
    let surroundings = Surroundings {
        dynamodb: database.endpoint(),
        cache: cache.url(),
        jwks: tokens.jwks(),
        cursor_key: "a cursor key of at least 32 characters".to_owned(),
        webhook_secrets: Secrets::random().unwrap(),
        rate_limits: RateLimits::default(),
    };
    let start = |function: &str| {
        let template = project.template().unwrap();
        let functions = template.functions().unwrap();
        let described = functions.iter().find(|it| it.name == function).unwrap();
        let runtime_api = lambda.runtime_api(function);
        let mut environment = surroundings.of_process(&template, described, &runtime_api).unwrap();
        environment.remove("AWS_LAMBDA_MAX_CONCURRENCY");
        let binary = Binaries::find().and_then(|binaries| binaries.of(function)).unwrap();
        Supervisor::start(function, binary, environment, folder.path().join(function)).unwrap()
    };
    let processes = ["order-expirer", "cache-invalidator"].map(start);
    let invoker = Invoker::new(&format!("http://{}", lambda.address())).unwrap();
    for turn in 0..30 {
        let (function, payload) = match turn % 3 {
            0 => ("cache-invalidator", json!({"Records": []})),
            _ => ("order-expirer", json!({})),
        };
        let answer = invoker.invoke(&backend(function), &payload).await;
        assert!(answer.is_ok(), "{turn}: {answer:?}");
    }
    // The first answer of each is told at once, the rest when a process ends.
    fleet(&cache.url(), |total| total.count(Count::Events) >= 2).await;
    for process in processes {
        process.stop().await;
    }
    let total = fleet(&cache.url(), |total| total.count(Count::Events) >= 30).await;
    assert_eq!((total.count(Count::Events), total.count(Count::EventsFailed)), (30, 0));
    lambda.stop().await;
}

/// Asks for this, and says whether the answer was an error of the server's.
async fn fails(client: &reqwest::Client, url: &str) -> bool {
    client.get(url).send().await.expect("the gate answers").status().is_server_error()
}

#[tokio::test]
async fn the_fleets_window_agrees_with_its_callers() {
    let folder = TempDir::new().unwrap();
    let stack = Stack::start(Options::for_tests(folder.path()), |_| {}).await.unwrap();
    let client = reqwest::Client::new();
    let paths = ["products?limit=5", "products/none", "cart", "health", "nowhere"];
    let mut failed = 0;
    for turn in 0..600 {
        let url = format!("{}/api/{}", stack.url(), paths[turn % paths.len()]);
        failed += u64::from(fails(&client, &url).await);
    }
    let cache = stack.cache().expect("tests have one");
    let total = fleet(&cache, |total| total.count(Count::Requests) >= 600).await;
    assert_eq!((total.count(Count::Requests), total.measured(Measure::RequestTime)), (600, 600));
    assert_eq!(total.count(Count::ServerErrors), failed);
    stack.stop().await;
}
