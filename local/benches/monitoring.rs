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
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use lambda_http::{Request, service_fn};
use local::testing::fleet_at;
use local::testing::shop::{Shop, mug};
use monitoring::{Count, Monitoring};
use serde_json::{Value, json};
use store::{Config, Store};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify, mpsc};
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
    let mut functions = Vec::new();
    for (kind, own) in KINDS {
        functions.push(Function::start(&shop.environment, kind, own).await?);
    }
    for function in &mut functions {
        function.round().await?;
        (function.rounds, function.ticks) = (Vec::new(), function.ticks_so_far()?);
    }
    for round in 0..ROUNDS {
        // Whoever comes first finds the machine as another left it.
        for at in 0..KINDS.len() {
            functions[(round + at) % KINDS.len()].round().await?;
        }
    }
    tell(&functions)?;
    let counted = fleet_at(&shop.redis.url()).window(30).await.context("the cache answers")?.total();
    anyhow::ensure!(counted.count(Count::Requests) >= (ROUNDS * READS) as u64, "it was monitored");
    Ok(())
}

fn tell(functions: &[Function]) -> Result<()> {
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
    let [other, ours] = [&functions[0], &functions[1]].map(Function::ticks_since);
    let name = "the same, hundredths of a second on a processor for all reads";
    println!("{}", json!({"name": name, "ours": ours?, "other": other?, "limit": null}));
    Ok(())
}

fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

/// A process, and the Runtime API that it takes its invocations from.
struct Function {
    api: Arc<RuntimeApi>,
    answered: mpsc::Receiver<u64>,
    process: Child,
    /// Half of each round's reads took at most so many nanoseconds.
    rounds: Vec<u64>,
    /// Time on a processor before the first round.
    ticks: u64,
}

impl Function {
    async fn start(environment: &BTreeMap<String, String>, kind: &str, own: &[(&str, &str)]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let (answers, answered) = mpsc::channel(READS);
        let api = Arc::new(RuntimeApi::new(answers));
        tokio::spawn(axum::serve(listener, api.clone().router()).into_future());
        let process = Command::new(std::env::current_exe()?)
            .env_clear()
            .envs(environment)
            .envs([
                (KIND, kind),
                ("AWS_LAMBDA_RUNTIME_API", &address),
                ("AWS_LAMBDA_FUNCTION_NAME", "products"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
                ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ])
            .envs(own.iter().copied())
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { api, answered, process, rounds: Vec::new(), ticks: 0 })
    }

    /// Time on a processor so far, in hundredths of a second: `utime` and `stime` of proc(5).
    fn ticks_so_far(&self) -> Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("stat has a name")?;
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
        Ok(ticks.sum::<Result<u64, _>>()?)
    }

    /// The same of all rounds.
    fn ticks_since(&self) -> Result<u64> {
        Ok(self.ticks_so_far()? - self.ticks)
    }

    async fn round(&mut self) -> Result<()> {
        let mut times = Vec::with_capacity(READS);
        for _ in 0..READS {
            tokio::time::sleep(PAUSE).await;
            self.api.wanted.notify_one();
            let time = tokio::time::timeout(Duration::from_secs(30), self.answered.recv()).await?;
            times.push(time.context("the function answers")?);
        }
        self.rounds.push(median(times));
        Ok(())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// As much of Lambda as a function needs.
struct RuntimeApi {
    wanted: Notify,
    begun: Mutex<Instant>,
    invocation: AtomicU64,
    answers: mpsc::Sender<u64>,
}

type Api = State<Arc<RuntimeApi>>;

impl RuntimeApi {
    fn new(answers: mpsc::Sender<u64>) -> Self {
        Self {
            wanted: Notify::new(),
            begun: Mutex::new(Instant::now()),
            invocation: AtomicU64::new(0),
            answers,
        }
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2020-01-01/extension/register", post(register))
            .route("/2020-01-01/extension/event/next", get(std::future::pending::<()>))
            .with_state(self)
    }
}

async fn next(State(api): Api) -> impl IntoResponse {
    api.wanted.notified().await;
    let invocation = api.invocation.fetch_add(1, Ordering::Relaxed);
    *api.begun.lock().await = Instant::now();
    let head = [
        ("lambda-runtime-aws-request-id", invocation.to_string()),
        ("lambda-runtime-deadline-ms", deadline().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn".to_owned()),
    ];
    (head, Json(event()))
}

async fn response(State(api): Api) -> StatusCode {
    let time = u64::try_from(api.begun.lock().await.elapsed().as_nanos()).unwrap_or(u64::MAX);
    // Nobody listens any more when the measuring is over.
    let _ = api.answers.send(time).await;
    StatusCode::ACCEPTED
}

/// Its extension wants no events.
async fn register() -> impl IntoResponse {
    let known = json!({"functionName": "products", "functionVersion": "1", "handler": "bootstrap"});
    ([("lambda-extension-identifier", "1")], Json(known))
}

fn deadline() -> u64 {
    let end = SystemTime::now() + Duration::from_mins(1);
    end.duration_since(UNIX_EPOCH).map_or(0, |end| u64::try_from(end.as_millis()).unwrap_or(u64::MAX))
}

fn event() -> Value {
    json!({
        "version": "2.0", "routeKey": "ANY /api/products/{proxy+}", "rawPath": "/api/products/mug",
        "rawQueryString": "", "headers": {"accept": "*/*", "host": "shop"}, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "1", "apiId": "1", "domainName": "shop", "domainPrefix": "shop",
            "http": {"method": "GET", "path": "/api/products/mug", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "bench"},
            "requestId": "1", "routeKey": "ANY /api/products/{proxy+}", "stage": "$default",
            "time": "25/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_000_000_000_u64,
        },
    })
}
