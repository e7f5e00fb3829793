//! What DynamoDB does to its callers now and then, and the embedded server
//! never: conflicts, throttling, errors, latency, answers that get lost, an
//! index that lags. A proxy between the functions and the server does it on
//! demand. Until it is told to, it passes on every byte as it came.
//!
//! Not played: conflicts of `BatchWriteItem` and of PartiQL, several reasons in
//! one cancelled transaction, a limit of throughput that is really counted.

mod batch;
mod call;
mod carrier;
mod control;
mod counts;
mod late_index;
mod refusal;
mod rule;
mod torn;
mod transactions;
mod upstream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use self::carrier::Carrier;
pub use self::control::Faults;
pub use self::counts::{Counts, Exchange};
pub use self::rule::{Fault, Position, Rule};
use crate::template::Table;

/// After a connection that could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// The running proxy.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    faults: Faults,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Opens it on a free port before the server at `endpoint`, whose table has
    /// this shape.
    pub async fn start(endpoint: &str, table: &Table) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.context("no port is free for the fault proxy")?;
        let address = listener.local_addr()?;
        let listener = listener.into_std()?;
        // A runtime of its own, as the server has: a test that blocks its
        // thread or pauses its clock holds up no answer.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let faults = Faults::new(endpoint, table, runtime.handle().clone());
        let carrier = Arc::new(Carrier::new(endpoint, faults.clone())?);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = thread::Builder::new().name("faults".into()).spawn(move || {
            runtime.block_on(run(listener, carrier, stopped));
        })?;
        Ok(Self { address, faults, stop, thread: Some(thread) })
    }

    /// Where it listens, as `AWS_ENDPOINT_URL_DYNAMODB` takes it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What tells it which faults to play.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Stops it at once, whatever is under way.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let Some(thread) = self.thread.take() else {
            return;
        };
        let _ = tokio::task::spawn_blocking(|| thread.join()).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn run(listener: std::net::TcpListener, carrier: Arc<Carrier>, stop: CancellationToken) {
    tokio::select! {
        Err(error) = serve(listener, carrier) => tracing::error!(%error, "the fault proxy failed"),
        () = stop.cancelled() => {}
    }
}

async fn serve(listener: std::net::TcpListener, carrier: Arc<Carrier>) -> std::io::Result<Infallible> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, carrier.clone()))),
            // Such as too many open files: the next may find one.
            Err(error) => {
                tracing::warn!(%error, "the fault proxy took no connection");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, carrier: Arc<Carrier>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| carrier.clone().answer(request));
    // An error is a caller who hung up, or an answer that was to be lost.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
