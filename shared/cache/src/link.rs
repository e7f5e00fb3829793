//! The connection to L2 and the breaker around it.
//!
//! The link is *idle* until the first request, then *connecting*, and from then
//! on *up* or *down*. While it is up, requests share one multiplexed connection,
//! each with its deadline. A lost connection, or [`STRIKES`] requests in a row
//! without a proper answer, takes it down; then nobody asks, and a [`keeper`]
//! in the background probes until it is up again. So a request never waits for
//! a connection, except that the very first ones give it one command's time.
//!
//! The link goes up only when no invalidation is owed, and this is decided
//! under the same lock under which debts are added: an invalidation either
//! finds the link up and is sent, or is paid before anything is read.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, FromRedisValue, Pipeline, RedisError, ServerErrorKind,
};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::config::{Config, ConfigError};
use crate::counters::Tally;
use crate::keeper;
use crate::owed::{Debt, Owed};

/// Unanswered requests in a row that take the link down.
const STRIKES: u32 = 3;
/// How long the breaker stays open between probes.
pub(crate) const OPEN_FOR: Duration = Duration::from_secs(1);

pub(crate) struct Link {
    client: Client,
    connecting: AsyncConnectionConfig,
    command_timeout: Duration,
    state: Mutex<State>,
    /// Woken when the first attempt to connect has ended.
    settled: Notify,
    strikes: AtomicU32,
    tally: Arc<Tally>,
}

struct State {
    phase: Phase,
    /// Counts the connections, so that a late failure of one cannot take down the next.
    epoch: u64,
    up_since: Instant,
    owed: Owed,
}

enum Phase {
    Idle,
    Connecting { wait_until: Instant },
    Up(MultiplexedConnection),
    Down,
}

/// A connection to ask, and which one it is.
struct Live {
    connection: MultiplexedConnection,
    epoch: u64,
}

enum Outlook {
    Live(Live),
    Soon(Instant),
    Away,
}

/// Why L2 did not answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// It was known to be away and not asked.
    Away,
    /// It was asked.
    Failed(RedisError),
}

impl Link {
    pub(crate) fn new(url: &str, config: &Config, tally: Arc<Tally>) -> Result<Self, ConfigError> {
        let client =
            Client::open(url).map_err(|error| ConfigError::Url { reason: error.category().to_owned() })?;
        let connecting = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(config.connect_timeout))
            .set_response_timeout(Some(config.command_timeout));
        Ok(Self {
            client,
            connecting,
            command_timeout: config.command_timeout,
            state: Mutex::new(State::idle(config.owed_limit)),
            settled: Notify::new(),
            strikes: AtomicU32::new(0),
            tally,
        })
    }

    /// One round trip, unless L2 is known to be away.
    pub(crate) async fn ask<T>(self: &Arc<Self>, request: &Pipeline) -> Result<T, NoAnswer>
    where
        T: FromRedisValue,
    {
        let Some(mut live) = self.live().await else {
            self.tally.l2_skipped.add(1);
            return Err(NoAnswer::Away);
        };
        match request.query_async(&mut live.connection).await {
            Ok(answer) => {
                self.answered();
                Ok(answer)
            }
            Err(error) => {
                self.failed(live.epoch, &error);
                Err(NoAnswer::Failed(error))
            }
        }
    }

    /// Remembers an invalidation that was not acknowledged. If the link is up
    /// (it failed just this one, or came up since) it goes down until that is paid.
    pub(crate) fn owe(self: &Arc<Self>, debt: Debt) {
        let mut state = self.lock();
        state.owed.add(debt);
        if matches!(state.phase, Phase::Up(_)) {
            self.go_down(&mut state, "an invalidation was not acknowledged");
        }
    }

    async fn live(self: &Arc<Self>) -> Option<Live> {
        // Registered before the look, so that settling in between is not missed.
        let settled = self.settled.notified();
        let wait_until = match self.outlook() {
            Outlook::Live(live) => return Some(live),
            Outlook::Away => return None,
            Outlook::Soon(wait_until) => wait_until,
        };
        let _ = timeout_at(wait_until, settled).await;
        match self.outlook() {
            Outlook::Live(live) => Some(live),
            Outlook::Away | Outlook::Soon(_) => None,
        }
    }

    fn outlook(self: &Arc<Self>) -> Outlook {
        let mut state = self.lock();
        match &state.phase {
            Phase::Up(connection) => {
                Outlook::Live(Live { connection: connection.clone(), epoch: state.epoch })
            }
            Phase::Down => Outlook::Away,
            Phase::Connecting { wait_until } => Outlook::Soon(*wait_until),
            Phase::Idle => Outlook::Soon(self.first_connect(&mut state)),
        }
    }

    fn first_connect(self: &Arc<Self>, state: &mut State) -> Instant {
        let wait_until = Instant::now() + self.command_timeout;
        state.phase = Phase::Connecting { wait_until };
        keeper::start(self, Duration::ZERO);
        wait_until
    }

    fn answered(&self) {
        if self.strikes.load(Ordering::Relaxed) != 0 {
            self.strikes.store(0, Ordering::Relaxed);
        }
    }

    fn failed(self: &Arc<Self>, epoch: u64, error: &RedisError) {
        self.tally.l2_errors.add(1);
        let strikes = self.strikes.fetch_add(1, Ordering::Relaxed) + 1;
        if strikes < STRIKES && !is_lost(error) {
            return;
        }
        let mut state = self.lock();
        if state.epoch == epoch && matches!(state.phase, Phase::Up(_)) {
            self.go_down(&mut state, &reason(error));
        }
    }

    /// A link that broke soon after it came up is given a pause first, lest a
    /// server that accepts and then fails be tried in a tight loop.
    fn go_down(self: &Arc<Self>, state: &mut State, reason: &str) {
        state.phase = Phase::Down;
        let stood = state.up_since.elapsed() >= OPEN_FOR;
        tracing::warn!(reason, "cache L2 is away: loaders answer until it is back");
        keeper::start(self, if stood { Duration::ZERO } else { OPEN_FOR });
    }

    /// A connection that has answered once.
    pub(crate) async fn connect(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut connection =
            self.client.get_multiplexed_async_connection_with_config(&self.connecting).await?;
        redis::cmd("PING").exec_async(&mut connection).await?;
        Ok(connection)
    }

    /// Goes up if nothing is owed; else says what is to be paid first.
    pub(crate) fn go_up(&self, connection: &MultiplexedConnection) -> Option<Debt> {
        let mut state = self.lock();
        if let Some(debt) = state.owed.take() {
            return Some(debt);
        }
        if matches!(state.phase, Phase::Down) {
            tracing::warn!("cache L2 is back");
        }
        state.phase = Phase::Up(connection.clone());
        state.epoch += 1;
        state.up_since = Instant::now();
        self.strikes.store(0, Ordering::Relaxed);
        self.settled.notify_waiters();
        None
    }

    /// Notes a probe that failed; the first one ever is news.
    pub(crate) fn stay_down(&self, error: &RedisError) {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Down) {
            let reason = reason(error);
            tracing::warn!(reason, "cache L2 cannot be reached: loaders answer until it can");
            state.phase = Phase::Down;
        }
        self.settled.notify_waiters();
    }

    /// What was taken by [`Link::go_up`] and could not be paid.
    pub(crate) fn still_owes(&self, debt: Debt) {
        self.lock().owed.add(debt);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn idle(owed_limit: usize) -> Self {
        Self { phase: Phase::Idle, epoch: 0, up_since: Instant::now(), owed: Owed::new(owed_limit) }
    }
}

/// Whether the connection is of no more use: it broke, or leads to a server that
/// has been demoted, whose name may by now lead to another one.
fn is_lost(error: &RedisError) -> bool {
    let demoted =
        matches!(error.kind(), ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown));
    demoted || error.is_unrecoverable_error()
}

/// For people; a server's own words can repeat keys, so they stay out.
pub(crate) fn reason(error: &RedisError) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    match error.code() {
        Some(code) => format!("{} ({code})", error.category()),
        None if error.is_connection_refusal() => "connection refused".to_owned(),
        None => error.category().to_owned(),
    }
}
