//! The handle by which a test or a tool says what is to go wrong, and reads
//! what did.

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Handle;

use super::call::Call;
use super::counts::{Counts, Exchange};
use super::late_index::LateIndex;
use super::rule::{Fault, Rule};
use super::transactions::Transactions;
use crate::template::Table;

/// What the proxy does to calls: nothing, until it is told to. Cheap to clone;
/// all clones speak to the same proxy.
#[derive(Clone, Debug)]
pub struct Faults {
    state: Arc<Mutex<State>>,
    server: Arc<Server>,
}

/// The server behind the proxy, as an index that lags must know it.
#[derive(Debug)]
struct Server {
    endpoint: String,
    table: Table,
    /// The proxy's own: what is begun here must not end with a caller's.
    runtime: Handle,
}

#[derive(Debug)]
struct State {
    seed: u64,
    random: fastrand::Rng,
    rules: Vec<Rule>,
    lasting: Option<RangeInclusive<Duration>>,
    transactions: Transactions,
    late_index: Option<Arc<LateIndex>>,
    counts: Counts,
    in_flight: usize,
    recording: Option<Vec<Exchange>>,
}

/// How one call is to be treated.
#[derive(Clone, Debug, Default)]
pub(super) struct Treatment {
    pub(super) fault: Option<Fault>,
    /// Of the call itself, where transactions conflict.
    pub(super) lasting: Option<Duration>,
    pub(super) late_index: Option<Arc<LateIndex>>,
    /// Known only while calls are interfered with; see `Transactions::note`.
    pub(super) transactions: Option<Transactions>,
    pub(super) random: fastrand::Rng,
}

/// Counts a call for as long as its caller waits.
#[derive(Debug)]
pub(super) struct InFlight(Faults);

impl Faults {
    pub(super) fn new(endpoint: &str, table: &Table, runtime: Handle) -> Self {
        let server = Server { endpoint: endpoint.to_owned(), table: table.clone(), runtime };
        let state = Arc::new(Mutex::new(State::new(fastrand::u64(..))));
        Self { state, server: Arc::new(server) }
    }

    /// Adds a rule. Where several match, the oldest strikes, and it alone.
    pub fn inject(&self, rule: Rule) {
        self.state().rules.push(rule);
    }

    /// From now on transactions conflict as on AWS: each lasts as long as this
    /// says, at random, and holds its items and its token meanwhile. `None`
    /// ends it.
    pub fn set_conflicts(&self, lasting: Option<RangeInclusive<Duration>>) {
        self.state().lasting = lasting;
    }

    /// From now on a `Query` or `Scan` of an index sees it as it was `lag` ago,
    /// though not as it was before this call. `None` ends it.
    ///
    /// Every write that passes the proxy is late. What expires by its time to
    /// live, or is written past the proxy or by PartiQL, is never seen.
    pub async fn set_index_lag(&self, lag: Option<Duration>) -> Result<()> {
        let Some(lag) = lag else {
            self.state().late_index = None;
            return Ok(());
        };
        let (faults, server) = (self.clone(), self.server.clone());
        let filled = self.server.runtime.spawn(async move {
            let late_index = Arc::new(LateIndex::start(&server.endpoint, &server.table, lag).await?);
            // Followed before it is filled, so that no write falls in between.
            faults.state().late_index = Some(late_index.clone());
            late_index.fill().await
        });
        filled.await?
    }

    /// Back to passing on everything as it comes. Counts and a recording go on.
    pub fn clear(&self) {
        let mut state = self.state();
        state.rules.clear();
        state.lasting = None;
        state.late_index = None;
    }

    /// What chance is derived from; a test prints it.
    pub fn seed(&self) -> u64 {
        self.state().seed
    }

    /// Starts chance anew from `seed`.
    pub fn reseed(&self, seed: u64) {
        let mut state = self.state();
        state.seed = seed;
        state.random = fastrand::Rng::with_seed(seed);
    }

    /// What was seen and done so far.
    pub fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    /// Keeps every call from now on, in the order of their answers.
    pub fn start_recording(&self) {
        self.state().recording = Some(Vec::new());
    }

    /// The calls since [`start_recording`](Self::start_recording).
    pub fn stop_recording(&self) -> Vec<Exchange> {
        self.state().recording.take().unwrap_or_default()
    }

    pub(super) fn key_schema(&self) -> Vec<String> {
        self.server.table.key_schema()
    }

    /// Counts the call, and decides what is done to it.
    pub(super) fn treat(&self, call: &Call) -> Treatment {
        self.state().treat(call)
    }

    pub(super) fn enter(&self) -> InFlight {
        let mut state = self.state();
        state.in_flight += 1;
        state.counts.most_in_flight = state.counts.most_in_flight.max(state.in_flight);
        InFlight(self.clone())
    }

    pub(super) fn count_conflict(&self) {
        self.state().counts.conflicts += 1;
    }

    pub(super) fn record(&self, exchange: impl FnOnce() -> Exchange) {
        if let Some(recording) = &mut self.state().recording {
            recording.push(exchange());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds this lock")
    }
}

impl State {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            random: fastrand::Rng::with_seed(seed),
            rules: Vec::new(),
            lasting: None,
            transactions: Transactions::default(),
            late_index: None,
            counts: Counts::default(),
            in_flight: 0,
            recording: None,
        }
    }

    fn treat(&mut self, call: &Call) -> Treatment {
        self.counts.count_call(&call.operation);
        if self.rules.is_empty() && self.lasting.is_none() && self.late_index.is_none() {
            return Treatment::default();
        }
        Treatment {
            fault: self.strike(call),
            lasting: self.lasting.clone().map(|range| between(&range, &mut self.random)),
            late_index: self.late_index.clone(),
            transactions: Some(self.transactions.clone()),
            random: self.random.fork(),
        }
    }

    fn strike(&mut self, call: &Call) -> Option<Fault> {
        let transactions = &self.transactions;
        let possible = |rule: &Rule| !(rule.fault.cancels() && transactions.has_committed(call));
        let random = &mut self.random;
        let struck = self.rules.iter_mut().position(|rule| possible(rule) && rule.strikes(call, random))?;
        let fault = self.rules[struck].fault;
        self.rules.retain(|rule| !rule.is_used_up());
        *self.counts.injected.entry(fault.name()).or_default() += 1;
        Some(fault)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}

fn between(range: &RangeInclusive<Duration>, random: &mut fastrand::Rng) -> Duration {
    let nanos = |duration: &Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let (from, to) = (nanos(range.start()), nanos(range.end()));
    Duration::from_nanos(random.u64(from..=to.max(from)))
}
