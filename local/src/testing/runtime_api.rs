//! A function's process under a Lambda Runtime API that costs next to nothing: what is
//! measured here is what the process itself does.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::time::timeout;

/// Far longer than anything takes, under valgrind too.
const AT_LAST: Duration = Duration::from_secs(30);

/// A running function, which takes one invocation at a time; killed when dropped.
pub struct Function {
    api: Arc<RuntimeApi>,
    answers: mpsc::Receiver<Answer>,
    process: Child,
}

/// What a function posted.
#[derive(Debug)]
pub struct Answer {
    /// Since its process was started.
    pub since_start: Duration,
    /// Since it was given the invocation.
    pub since_invoked: Duration,
    /// The response.
    pub body: Bytes,
}

impl Function {
    /// Starts the command, which has the function's environment. Its log is discarded.
    pub async fn start(mut command: Command) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        command.env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let (posted, answers) = mpsc::channel(1);
        let api = Arc::new(RuntimeApi::new(posted));
        tokio::spawn(axum::serve(listener, Arc::clone(&api).router()).into_future());
        let process = command.spawn().context("starting the function")?;
        Ok(Self { api, answers, process })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its answer to one payload, which it gets as soon as it asks for an invocation.
    pub async fn invoke(&mut self, payload: &Bytes) -> Result<Answer> {
        self.api.payload.lock().await.clone_from(payload);
        self.api.wanted.notify_one();
        let answer = timeout(AT_LAST, self.answers.recv()).await.context("the function does not answer")?;
        answer.context("the Runtime API is gone")
    }

    /// Waits until it asks for an invocation: it has started, or is done with the last.
    pub async fn is_idle(&self) -> Result<()> {
        let mut is_idle = self.api.is_idle.subscribe();
        let asked = timeout(AT_LAST, is_idle.wait_for(|is_idle| *is_idle)).await;
        asked.context("the function asks for nothing")?.map(drop).context("the Runtime API is gone")
    }

    /// The events that its extension wants to hear of, once that has asked for the first;
    /// none if it has no extension, or that is still silent.
    pub async fn extension(&self) -> Option<Value> {
        let asked = self.api.has_asked.load(Ordering::Relaxed);
        self.api.extension.lock().await.clone().filter(|_| asked)
    }

    /// Ends it by a signal that it does not handle.
    pub fn hang_up(mut self) -> Result<()> {
        kill(Pid::from_raw(self.id().try_into()?), Signal::SIGHUP)?;
        self.process.wait()?;
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
    is_idle: watch::Sender<bool>,
    wanted: Notify,
    payload: Mutex<Bytes>,
    extension: Mutex<Option<Value>>,
    has_asked: AtomicBool,
    started: Instant,
    invoked: Mutex<Instant>,
    invocation: AtomicU64,
    answers: mpsc::Sender<Answer>,
}

type Api = State<Arc<RuntimeApi>>;

impl RuntimeApi {
    fn new(answers: mpsc::Sender<Answer>) -> Self {
        let started = Instant::now();
        Self {
            is_idle: watch::Sender::new(false),
            wanted: Notify::new(),
            payload: Mutex::default(),
            extension: Mutex::default(),
            has_asked: AtomicBool::new(false),
            started,
            invoked: Mutex::new(started),
            invocation: AtomicU64::new(0),
            answers,
        }
    }

    fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2020-01-01/extension/register", post(register))
            .route("/2020-01-01/extension/event/next", get(next_event))
            .with_state(self)
    }
}

async fn next(State(api): Api) -> impl IntoResponse {
    api.is_idle.send_replace(true);
    api.wanted.notified().await;
    api.is_idle.send_replace(false);
    let invocation = api.invocation.fetch_add(1, Ordering::Relaxed) + 1;
    let payload = api.payload.lock().await.clone();
    *api.invoked.lock().await = Instant::now();
    let head = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.to_string()),
        ("lambda-runtime-deadline-ms", deadline().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn".to_owned()),
    ];
    (head, payload)
}

async fn response(State(api): Api, body: Bytes) -> StatusCode {
    let (since_start, since_invoked) = (api.started.elapsed(), api.invoked.lock().await.elapsed());
    // Nobody listens any more when the measuring is over.
    let _ = api.answers.send(Answer { since_start, since_invoked, body }).await;
    StatusCode::ACCEPTED
}

async fn register(State(api): Api, Json(wishes): Json<Value>) -> impl IntoResponse {
    *api.extension.lock().await = Some(wishes["events"].clone());
    let known = json!({"functionName": "function", "functionVersion": "1", "handler": "bootstrap"});
    ([("lambda-extension-identifier", "1")], Json(known))
}

/// There are none for it.
async fn next_event(State(api): Api) {
    api.has_asked.store(true, Ordering::Relaxed);
    std::future::pending::<()>().await;
}

fn deadline() -> u64 {
    let end = SystemTime::now() + Duration::from_mins(1);
    end.duration_since(UNIX_EPOCH).map_or(0, |end| u64::try_from(end.as_millis()).unwrap_or(u64::MAX))
}
