//! What being monitored costs a warm read of a cached product: nanoseconds from the
//! invocation to its posted answer, by a function as ours are (logs, counts, the fleet's
//! window, metrics), by one that writes no log line, and by the same one unmonitored.
//! Each is a process of its own under the Lambda Runtime API; they are asked in turns. The
//! platform costs nothing here: the ratio is of what the processes do themselves.
//!
//! The unmonitored one has the same edge, which counts, but nobody reads what it counted.
#![expect(clippy::print_stdout, reason = "a benchmark prints its row")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use lambda_http::{Request, service_fn};
use local::testing::fleet_at;
use local::testing::runtime_api::Function;
use local::testing::shop::{Shop, mug, read_of_a_mug};
use monitoring::{Count, Monitoring};
use serde_json::json;
use store::{Config, Store};
use tower::ServiceExt;

const ROUNDS: usize = 60;
const READS: usize = 100;
/// Between two invocations: each finds a process that is done with the one before.
const PAUSE: Duration = Duration::from_millis(1);
const LIMIT: f64 = 1.05;
/// In the environment of a process: which one it is.
const KIND: &str = "BENCH_KIND";

/// What is asked: a name, and what its environment says beside the rest.
const KINDS: [(&str, &[(&str, &str)]); 3] = [
    ("unmonitored", &[]),
    ("monitored", &[]),
    ("monitored without its log line", &[("AWS_LAMBDA_LOG_LEVEL", "ERROR")]),
];

fn main() -> Result<()> {
    // A function has one thread, Lambda has its own.
    let kind = std::env::var(KIND).ok();
    let mut runtime = match kind {
        Some(_) => tokio::runtime::Builder::new_current_thread(),
        None => tokio::runtime::Builder::new_multi_thread(),
    };
    runtime.enable_all().build()?.block_on(async {
        match kind.as_deref() {
            Some("unmonitored") => unmonitored().await,
            Some(_) => monitored().await,
            None => measure().await,
        }
    })
}

fn store(monitoring: &Monitoring) -> Result<Store> {
    Ok(Store::open(&Config::read(&|name| std::env::var(name).ok())?, monitoring)?)
}

/// The read that both do.
fn routes(store: Store) -> Router {
    async fn show(State(store): State<Store>, Path(_): Path<String>) -> Response {
        match store.product(&mug()).await {
            Ok(listing) => {
                Json(json!({"id": listing.product.id, "name": listing.product.name})).into_response()
            }
            Err(_gone) => StatusCode::NOT_FOUND.into_response(),
        }
    }
    Router::new().route("/api/products/{id}", get(show)).with_state(store)
}

async fn monitored() -> Result<()> {
    let monitoring = Monitoring::start(&|name| std::env::var(name).ok())?;
    let router = api::edge(routes(store(&monitoring)?), &monitoring);
    api::serve(router, monitoring).await.map_err(anyhow::Error::from_boxed)
}

async fn unmonitored() -> Result<()> {
    let nobody = Monitoring::default();
    let router = api::edge(routes(store(&nobody)?), &nobody);
    let service = service_fn(move |request: Request| {
        let answer = router.clone().oneshot(request.map(|_| axum::body::Body::empty()));
        async move {
            Ok::<_, Infallible>(lambda_http::IntoResponse::into_response(answer.await.into_response()).await)
        }
    });
    lambda_http::run(service).await.map_err(anyhow::Error::from_boxed)
}

async fn measure() -> Result<()> {
    let shop = Shop::with_mugs(5).await;
    let (event, mut functions) = (read_of_a_mug(), Vec::new());
    for (kind, own) in KINDS {
        functions.push(Contender::start(&shop.environment, kind, own).await?);
    }
    for function in &mut functions {
        function.round(&event).await?;
        (function.rounds, function.ticks) = (Vec::new(), function.ticks_so_far()?);
    }
    for round in 0..ROUNDS {
        // Whoever comes first finds the machine as another left it.
        for at in 0..KINDS.len() {
            functions[(round + at) % KINDS.len()].round(&event).await?;
        }
    }
    tell(&functions)?;
    let counted = fleet_at(&shop.redis.url()).window(30).await.context("the cache answers")?.total();
    anyhow::ensure!(counted.count(Count::Requests) >= (ROUNDS * READS) as u64, "it was monitored");
    Ok(())
}

fn tell(functions: &[Contender]) -> Result<()> {
    let (unmonitored, monitored) = (median(functions[0].rounds.clone()), &functions[1..]);
    for (function, (kind, _)) in monitored.iter().zip(&KINDS[1..]) {
        let (name, limit) =
            (format!("read of a cached product, {kind}, ns"), (*kind == "monitored").then_some(LIMIT));
        println!(
            "{}",
            json!({"name": name, "ours": median(function.rounds.clone()), "other": unmonitored, "limit": limit})
        );
    }
    // All that it does, before the answer and after it.
    let [other, ours] = [&functions[0], &functions[1]].map(Contender::ticks_since);
    let name = "the same, hundredths of a second on a processor for all reads";
    println!("{}", json!({"name": name, "ours": ours?, "other": other?, "limit": null}));
    Ok(())
}

fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

/// One of those that are asked.
struct Contender {
    function: Function,
    /// Half of each round's reads took at most so many nanoseconds.
    rounds: Vec<u64>,
    /// Time on a processor before the first round.
    ticks: u64,
}

impl Contender {
    async fn start(environment: &BTreeMap<String, String>, kind: &str, own: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.env_clear().envs(environment);
        command.envs([
            (KIND, kind),
            ("AWS_LAMBDA_FUNCTION_NAME", "products"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ]);
        command.envs(own.iter().copied());
        Ok(Self { function: Function::start(command).await?, rounds: Vec::new(), ticks: 0 })
    }

    /// Time on a processor so far, in hundredths of a second: `utime` and `stime` of proc(5).
    fn ticks_so_far(&self) -> Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.function.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("stat has a name")?;
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
        Ok(ticks.sum::<Result<u64, _>>()?)
    }

    /// The same of all rounds.
    fn ticks_since(&self) -> Result<u64> {
        Ok(self.ticks_so_far()? - self.ticks)
    }

    async fn round(&mut self, event: &Bytes) -> Result<()> {
        let mut times = Vec::with_capacity(READS);
        for _ in 0..READS {
            tokio::time::sleep(PAUSE).await;
            let answer = self.function.invoke(event).await?;
            times.push(u64::try_from(answer.since_invoked.as_nanos())?);
        }
        self.rounds.push(median(times));
        Ok(())
    }
}
