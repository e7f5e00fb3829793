//! API Gateway on this machine: one HTTP address before the Lambda emulator.
//! It adds what the gateway adds (CORS, a body limit, a deadline) and what the
//! emulator lacks: it deadlocks for good with more than 100 requests in
//! flight, and hangs a caller whose function has died. So a bounded number
//! goes through, a bounded number waits, and the rest are refused. No request
//! is left without an answer.

mod admission;
mod body;
mod cors;
mod problem;
mod proxy;
mod routes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::admission::Admission;
use self::problem::Problem;
use self::proxy::Proxy;
pub use self::routes::{Routes, to_matchit};
use crate::lambda::{MAX_CONCURRENCY, StatusReceiver};
use crate::template::Cors;

/// How long answers under way may take once the gate is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// How much the gate lets in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests in the emulator at once.
    pub in_flight: usize,
    /// Requests that wait for it; one more is refused with 503.
    pub waiting: usize,
    /// How long one waits before it is refused with 503.
    pub patience: Duration,
    /// Bytes of a request's body; API Gateway takes 10 MB.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: MAX_CONCURRENCY,
            waiting: 2_000,
            patience: Duration::from_secs(20),
            body: 10 * 1024 * 1024,
        }
    }
}

/// A function, as the gate sees it.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its name, for messages.
    pub name: String,
    /// Time of one invocation, after which it is given up.
    pub deadline: Duration,
    /// Whether its process lives.
    pub status: StatusReceiver,
    /// Told when an invocation has run out of time.
    pub out_of_time: Arc<Notify>,
}

impl Backend {
    /// As Lambda does, which kills what has run out of time. Without it the
    /// emulator would fill up with invocations that nobody waits for. Not if
    /// the process, one of so many `deaths`, has a successor by now.
    pub(crate) fn give_up(&self, deaths: u64) {
        if self.status.now().deaths == deaths {
            self.out_of_time.notify_one();
        }
    }
}

/// A port of our own, taken before anything is started behind it.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    /// Takes the port (0 for a free one) on the loopback.
    pub async fn take(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.with_context(|| {
            let other = port.saturating_add(1);
            format!(
                "port {port} is in use: stop what listens there, or choose another (PORT={other} make run)"
            )
        })?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address that the gate will have.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The running gate.
#[derive(Debug)]
pub struct Gate {
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl Gate {
    /// Opens the gate before `upstream` (host and port).
    pub fn open(port: Port, upstream: &str, routes: Routes, cors: &Cors, limits: Limits) -> Result<Self> {
        let proxy = Proxy::new(upstream, limits.in_flight)?;
        let admission = Admission::new(&limits);
        let entrance = Arc::new(Entrance { routes, limits, admission, proxy });
        let service = Router::new().fallback(answer).with_state(entrance).layer(cors::layer(cors)?);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let server = axum::serve(port.listener, service).with_graceful_shutdown(stopped);
        Ok(Self { stop, server: tokio::spawn(server.into_future()) })
    }

    /// Takes no more connections, and returns when those under way are
    /// answered or have had their time.
    pub async fn close(mut self) {
        self.stop.cancel();
        let _ = timeout(GRACE, &mut self.server).await;
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Entrance {
    routes: Routes,
    limits: Limits,
    admission: Admission,
    proxy: Proxy,
}

async fn answer(State(entrance): State<Arc<Entrance>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let answer = entrance.pass(request).await;
    answer.unwrap_or_else(|problem| problem.at(&path).into_response())
}

impl Entrance {
    async fn pass(&self, request: Request) -> Result<Response, Problem> {
        if request.headers().values().any(|value| value.to_str().is_err()) {
            return Err(Problem::unreadable_header());
        }
        let backend = self.routes.backend(request.uri().path()).clone();
        // Read before a place is taken: a slow caller holds up only himself.
        let request = body::read(request, &self.limits).await?;
        let place = self.admission.enter().await?;
        self.proxy.forward(backend, request, place).await
    }
}
