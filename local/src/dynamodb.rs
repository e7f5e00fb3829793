//! DynamoDB in this process: dynoxide's server on a loopback port, its
//! database in memory or in a file, and the one table of template.yaml.

pub(crate) mod protocol;
mod stream_index;
mod table;

use std::{
    net::SocketAddr,
    path::Path,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use dynoxide::Database;
use tokio::{
    net::TcpListener,
    time::{interval, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::template::Table;

/// DynamoDB promises to delete what has expired within days; a minute lets a
/// developer see it happen.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// The server shares few cores with functions; its database is one lock.
const WORKERS: usize = 2;
/// How long requests under way may take once it is told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// A running DynamoDB server.
#[derive(Debug)]
pub struct DynamoDb {
    path: String,
    address: SocketAddr,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl DynamoDb {
    /// A database in memory, gone with the server.
    pub async fn in_memory(name: &str, table: &Table) -> Result<Self> {
        // Named, so that the index below can be made through a connection of
        // our own; the name is this database's alone.
        let path = format!("file:/{}?vfs=memdb", uuid::Uuid::new_v4());
        Self::start(&path, name, table).await
    }

    /// A database in a file that outlives the server.
    pub async fn in_file(file: &Path, name: &str, table: &Table) -> Result<Self> {
        let path = file.to_str().context("the database's path is not UTF-8")?;
        Self::start(path, name, table).await
    }

    /// Another server before the same database, which does not know the tokens of this
    /// one's transactions. dynoxide looks at all tokens of ten minutes for each new one,
    /// and so slows down with every thousand.
    pub fn successor(&self) -> Result<Self> {
        Self::serve(&self.path, open(&self.path)?)
    }

    /// Where it listens, as `AWS_ENDPOINT_URL_DYNAMODB` takes it.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it once the requests under way are answered, or have had a second.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let Some(thread) = self.thread.take() else {
            return;
        };
        let _ = tokio::task::spawn_blocking(|| thread.join()).await;
    }

    async fn start(path: &str, name: &str, table: &Table) -> Result<Self> {
        let database = open(path)?;
        stream_index::prepare(path).context("indexing the stream")?;
        let server = Self::serve(path, database)?;
        table::ensure(&server.endpoint(), name, table).await?;
        Ok(server)
    }

    /// dynoxide works on its caller's thread, so it gets a runtime of its own:
    /// a long query holds up no gate and no test.
    fn serve(path: &str, database: Database) -> Result<Self> {
        let (ready, address) = mpsc::sync_channel(1);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("dynamodb")
            .enable_all()
            .build()?;
        let thread = thread::Builder::new().name("dynamodb".into()).spawn(move || {
            runtime.block_on(run(database, ready, stopped));
            runtime.shutdown_background();
        })?;
        let address = address.recv().map_err(|_| anyhow!("the DynamoDB server did not start"))??;
        Ok(Self { path: path.to_owned(), address, stop, thread: Some(thread) })
    }
}

fn open(path: &str) -> Result<Database> {
    Database::new(path).with_context(|| format!("opening {path}"))
}

impl Drop for DynamoDb {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn run(database: Database, ready: mpsc::SyncSender<Result<SocketAddr>>, stop: CancellationToken) {
    let listener = match listen().await {
        Ok((listener, address)) => {
            let _ = ready.send(Ok(address));
            listener
        }
        Err(error) => return drop(ready.send(Err(error))),
    };
    tokio::spawn(sweep(database.clone()));
    let stopped = stop.clone().cancelled_owned();
    tokio::select! {
        served = dynoxide::server::serve_with_shutdown(listener, database, stopped) => {
            if let Err(error) = served {
                tracing::error!(error, "the DynamoDB server failed");
            }
        }
        () = grace_after(&stop) => {}
    }
}

async fn grace_after(stop: &CancellationToken) {
    stop.cancelled().await;
    sleep(GRACE).await;
}

async fn listen() -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port is free for DynamoDB")?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// The table's time-to-live, which the library leaves to its host.
async fn sweep(database: Database) {
    let mut ticks = interval(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        let database = database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await;
        if let Ok(Err(error)) = swept {
            tracing::warn!(%error, "expired items could not be removed");
        }
    }
}
