//! A stand-in for the Lambda emulator, over real HTTP, where every invocation
//! is counted and kept.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::post;
use http::StatusCode;
use local::gate::Backend;
use local::invoke::Invoker;
use local::lambda::StatusReceiver;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Longer than a slow machine takes for anything here.
const AT_LAST: Duration = Duration::from_mins(1);

/// What an invocation comes to: how long it lasts, and its answer.
pub(crate) type Outcome = (Duration, StatusCode, Value);

type Function = dyn Fn(&Value) -> Outcome + Send + Sync;

/// Takes the invocations of all functions.
#[derive(Clone)]
pub(crate) struct Emulator {
    address: String,
    function: Arc<Function>,
    invocations: Arc<Mutex<Vec<(String, Value)>>>,
    inside: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Emulator {
    /// Starts it; each invocation is handled by this function.
    pub(crate) async fn start(function: impl Fn(&Value) -> Outcome + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let emulator = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            function: Arc::new(function),
            invocations: Arc::default(),
            inside: Arc::default(),
            most: Arc::default(),
        };
        let route = post(invoked).with_state(emulator.clone()).layer(DefaultBodyLimit::disable());
        let router = Router::new().route("/2015-03-31/functions/{name}/invocations", route);
        tokio::spawn(axum::serve(listener, router).into_future());
        emulator
    }

    pub(crate) fn invoker(&self) -> Invoker {
        Invoker::new(&self.address).unwrap()
    }

    /// The functions that were invoked so far, each with its payload.
    pub(crate) fn invocations(&self) -> Vec<(String, Value)> {
        self.invocations.lock().unwrap().clone()
    }

    /// How many invocations there were at once, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

async fn invoked(
    State(emulator): State<Emulator>,
    Path(name): Path<String>,
    body: String,
) -> (StatusCode, String) {
    let payload: Value = serde_json::from_str(&body).unwrap();
    let _inside = Inside::enter(&emulator);
    let (lasting, status, answer) = (emulator.function)(&payload);
    emulator.invocations.lock().unwrap().push((name, payload));
    sleep(lasting).await;
    (status, answer.to_string())
}

/// Counted for as long as it lives: a caller who hangs up ends his invocation.
struct Inside(Arc<AtomicUsize>);

impl Inside {
    fn enter(emulator: &Emulator) -> Self {
        let inside = emulator.inside.fetch_add(1, Ordering::SeqCst) + 1;
        emulator.most.fetch_max(inside, Ordering::SeqCst);
        Self(emulator.inside.clone())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A function that never dies and has all the time that it needs.
pub(crate) fn function(name: &str) -> Backend {
    Backend {
        name: name.to_owned(),
        deadline: Duration::from_secs(30),
        status: StatusReceiver::immortal(),
        out_of_time: Arc::new(Notify::new()),
    }
}

/// Waits until it is so.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let reached = async {
        while !is_so() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(AT_LAST, reached).await.expect("it comes to that");
}
