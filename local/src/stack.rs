//! The whole system: DynamoDB with its faults, cache, emulator, functions, gate,
//! schedules and streams, started in that order and stopped in the reverse one.

mod addresses;
mod functions;
mod lock;
mod sam;
mod state;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

pub use self::addresses::Addresses;
use self::addresses::Told;
use self::functions::Functions;
use self::state::State;
use crate::dynamodb::DynamoDb;
use crate::faults::{self, Faults};
use crate::gate::{Gate, Limits, Port};
use crate::invoke::Invoker;
use crate::lambda::{Binaries, Emulator, Environment, RateLimits, Surroundings};
use crate::project::Project;
use crate::provider::Sender;
use crate::redis::{self, Redis};
use crate::schedule::Schedules;
use crate::streams::{self, Streams};
use crate::template::{REGION, TABLE_NAME, Table};

/// How to start the system.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own, named where it is set")]
pub struct Options {
    /// Port of the gate; 0 for a free one.
    pub port: u16,
    /// Folder of keys, logs and, unless it is in memory, of the table.
    pub state: PathBuf,
    /// Forget the table when the stack stops.
    pub in_memory: bool,
    /// Forget what earlier runs kept in `state`.
    pub fresh: bool,
    /// What to do without a cache server.
    pub cache: Cache,
    /// Invoke functions when their schedules say so; else they wait for
    /// [`Stack::invoke`].
    pub schedules: bool,
    /// Invoke functions with what is written to the table, as the template maps
    /// its stream to them; else the stream is left unread.
    pub streams: bool,
}

/// Whether the system may do without its shared cache.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cache {
    /// No cache server is an error.
    Required,
    /// Without a server each function has its own cache alone.
    IfInstalled,
}

/// What is being started, for whoever waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The embedded DynamoDB.
    Database,
    /// The cache server.
    Cache,
    /// There is no cache server to start.
    NoCache,
    /// The Lambda emulator.
    Emulator,
    /// The functions' processes.
    Functions,
}

/// The running system. Dropping it kills what it started.
#[derive(Debug)]
pub struct Stack {
    told: Told,
    /// None once they are stopped.
    streams: Option<Streams>,
    schedules: Schedules,
    invoker: Invoker,
    gate: Gate,
    url: String,
    functions: Functions,
    emulator: Emulator,
    cache: Option<Redis>,
    faults: faults::Proxy,
    database: DynamoDb,
    state: State,
}

impl Options {
    /// For tests: free ports, nothing kept outside of `state`, a cache, and
    /// nothing that happens by the clock or by itself.
    pub fn for_tests(state: impl Into<PathBuf>) -> Self {
        Self {
            port: 0,
            state: state.into(),
            in_memory: true,
            fresh: false,
            cache: Cache::Required,
            schedules: false,
            streams: false,
        }
    }
}

impl Stack {
    /// Starts everything; `progress` hears of each step as it begins. On an
    /// error nothing is left running.
    pub async fn start(options: Options, mut progress: impl FnMut(Step)) -> Result<Self> {
        // What can be refused is refused before anything is started.
        let project = Project::find()?;
        let template = project.template()?;
        let port = Port::take(options.port).await?;
        Emulator::check_installed(&project)?;
        let binaries = Binaries::find()?;
        let state = State::open(options.state, options.fresh)?;

        progress(Step::Database);
        let table = template.table()?;
        let database = start_database(options.in_memory, &state, &table).await?;
        let faults = faults::Proxy::start(&database.endpoint(), &table).await?;
        let cache = start_cache(options.cache, &mut progress).await?;
        progress(Step::Emulator);
        let emulator = Emulator::start(&project, &state.logs().join("lambda.log")).await?;
        progress(Step::Functions);
        let surroundings = surroundings(&state, &faults, cache.as_ref());
        sam::write_variables(&state.sam_variables(), &template, &surroundings)?;
        let functions = Functions::start(&template, &surroundings, &binaries, &emulator, &state.logs())?;
        let url = port.url();
        let cors = surroundings.cors(&template)?;
        let gate = Gate::open(port, &emulator.address(), functions.routes()?, &cors, Limits::default())?;
        let lambda = format!("http://{}", emulator.address());
        let invoker = Invoker::new(&lambda)?;
        let schedules = Schedules::start(&invoker, functions.schedules().filter(|_| options.schedules));
        let mappings = functions.streams().filter(|_| options.streams);
        let streams = around_streams(&state, &database, options.in_memory);
        let streams = Streams::start(&streams, &invoker, mappings).await?;
        let told = Addresses { api: url.clone(), lambda, dynamodb: database.endpoint() };
        let told = told.tell(state.folder())?;
        Ok(Self {
            told,
            streams: Some(streams),
            schedules,
            invoker,
            gate,
            url,
            functions,
            emulator,
            cache,
            faults,
            database,
            state,
        })
    }

    /// Where the API is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where DynamoDB is, past the faults that the functions may meet.
    pub fn dynamodb(&self) -> String {
        self.database.endpoint()
    }

    /// What another program needs to open the shop's store as a function does:
    /// through the faults, with the shared cache.
    pub fn store_environment(&self) -> Environment {
        [
            ("STAGE", "local".to_owned()),
            ("TABLE_NAME", TABLE_NAME.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.faults.endpoint()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("CACHE_URL", self.cache().unwrap_or_default()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// What is to go wrong between the functions and DynamoDB; nothing, until
    /// it is told to.
    pub fn faults(&self) -> Faults {
        self.faults.faults()
    }

    /// Where the cache is, if there is one.
    pub fn cache(&self) -> Option<String> {
        self.cache.as_ref().map(Redis::url)
    }

    /// Where the Lambda emulator is, which takes `Invoke` calls too. Not to be
    /// flooded: that is what the gate is for.
    pub fn emulator(&self) -> String {
        format!("http://{}", self.emulator.address())
    }

    /// The function's answer to this payload, past the gate and its routes.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Result<Value> {
        Ok(self.invoker.invoke(&self.functions.backend(function)?, payload).await?)
    }

    /// The messages in an on-failure queue of the template, by its logical id,
    /// the oldest first: what stream mappings gave up. Empty if there is none.
    pub fn queue(&self, logical_id: &str) -> Result<Vec<Value>> {
        streams::messages(self.state.folder(), logical_id)
    }

    /// Folder of the functions' logs.
    pub fn logs(&self) -> PathBuf {
        self.state.logs()
    }

    /// A token that the functions accept.
    pub fn token(&self, user: &str, scopes: &str, ttl: Duration) -> Result<String> {
        self.state.signer.mint(user, scopes, ttl)
    }

    /// A payment provider whose signatures the functions accept.
    pub fn provider(&self) -> Result<Sender> {
        Sender::new(self.url(), &self.state.webhook_secrets)
    }

    /// Process ids of everything that was started.
    pub fn processes(&self) -> Vec<i32> {
        let cache = self.cache.as_ref().map(Redis::id);
        self.functions.processes().chain(cache).chain([self.emulator.id()]).collect()
    }

    /// Returns if the emulator dies, without which nothing is answered.
    pub async fn broken(&self) {
        self.emulator.exited().await;
    }

    /// A fault: from now on no function hears of what is written to the table.
    pub async fn stop_streams(&mut self) {
        if let Some(streams) = self.streams.take() {
            streams.stop().await;
        }
    }

    /// A fault: kills a function's process, and returns when its successor
    /// runs.
    pub async fn kill_function(&self, name: &str) -> Result<()> {
        self.functions.kill(name).await
    }

    /// A fault: kills the cache server.
    pub async fn kill_cache(&self) {
        if let Some(cache) = &self.cache {
            cache.kill().await;
        }
    }

    /// Starts the cache server again on its port, empty.
    pub async fn restart_cache(&mut self) -> Result<()> {
        match &mut self.cache {
            Some(cache) => cache.restart().await,
            None => bail!("the stack runs without a cache"),
        }
    }

    /// Stops everything: first callers, last what the functions use.
    pub async fn stop(self) {
        drop(self.told);
        if let Some(streams) = self.streams {
            streams.stop().await;
        }
        self.schedules.stop().await;
        self.gate.close().await;
        self.functions.stop().await;
        self.emulator.stop().await;
        if let Some(cache) = self.cache {
            cache.stop().await;
        }
        self.faults.stop().await;
        self.database.stop().await;
    }
}

async fn start_database(in_memory: bool, state: &State, table: &Table) -> Result<DynamoDb> {
    if in_memory {
        return DynamoDb::in_memory(TABLE_NAME, table).await;
    }
    DynamoDb::in_file(&state.database(), TABLE_NAME, table).await
}

async fn start_cache(cache: Cache, progress: &mut impl FnMut(Step)) -> Result<Option<Redis>> {
    if Redis::is_installed() {
        progress(Step::Cache);
        return Redis::start().await.map(Some);
    }
    if cache == Cache::Required {
        bail!(redis::MISSING);
    }
    progress(Step::NoCache);
    Ok(None)
}

/// Not through the faults: on AWS too, Lambda reads the stream on a way of its
/// own.
fn around_streams(state: &State, database: &DynamoDb, in_memory: bool) -> streams::Surroundings {
    streams::Surroundings {
        dynamodb: database.endpoint(),
        table: TABLE_NAME.to_owned(),
        state: state.folder().to_owned(),
        in_memory,
    }
}

fn surroundings(state: &State, dynamodb: &faults::Proxy, cache: Option<&Redis>) -> Surroundings {
    Surroundings {
        dynamodb: dynamodb.endpoint(),
        cache: cache.map(Redis::url).unwrap_or_default(),
        jwks: state.jwks.clone(),
        cursor_key: state.cursor_key.text(),
        webhook_secrets: state.webhook_secrets.clone(),
        rate_limits: RateLimits::inherited(),
    }
}
