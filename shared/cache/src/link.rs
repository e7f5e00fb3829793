//! The connection to L2 and the breaker around it.
//!
//! The link is *idle* until the first request, then *connecting*, and from then
//! on *up* or *down*. While it is up, requests share one connection, each with
//! its deadline. It goes down when the connection is lost, or when its
//! [`Breaker`] opens. Then nobody asks, and a [`keeper`] in the background tries
//! to connect until it is up again, at once and then every second. So a request
//! never waits for a connection, except that the very first ones give it one
//! command's time.
//!
//! In a cluster the link stays up as long as any node answers. Each area of the
//! slots has a breaker, and while it is open nobody asks there. The connection,
//! which replaces lost connections to its nodes by itself but sits by those that
//! merely say nothing, is then renewed in the background: so a replica that took
//! over is found, and so are the sockets that died while a process was frozen.
//!
//! The link goes up only when no invalidation is owed, and this is decided
//! under the same lock under which debts are added: an invalidation either
//! finds the link up and is sent, or is paid before anything is read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::breaker::{Areas, Breaker, OPEN_FOR, wall_clock_ms};
use crate::config::{Config, ConfigError};
use crate::counters::Tally;
use crate::dial::{Connection, Dialer};
use crate::keeper;
use crate::owed::{Debt, Owed};
use crate::policy::millis;
use crate::request::{Batch, Request, batches};

pub(crate) struct Link {
    dialer: Dialer,
    command_timeout: Duration,
    state: Mutex<State>,
    /// Woken when the first attempt to connect has ended.
    settled: Notify,
    /// Of all that is asked.
    whole: Breaker,
    areas: Areas,
    /// Wall clock in milliseconds, of the last read that brought a write along.
    proved_ms: AtomicU64,
    tally: Arc<Tally>,
}

struct State {
    phase: Phase,
    /// Counts the connections, so that a late failure of one cannot take down the next.
    epoch: u64,
    /// Since when this connection is up, or the last attempt to renew it failed.
    up_since: Instant,
    /// Whether a new connection is being made to take the place of one that is up.
    renewing: bool,
    owed: Owed,
}

enum Phase {
    Idle,
    Connecting { wait_until: Instant },
    Up(Connection),
    Down,
}

/// A connection to ask, and which one it is.
#[derive(Clone)]
struct Live {
    connection: Connection,
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

/// What a request's commands were answered; none if it was not answered in time
/// or one of them failed.
pub type Answer = Option<Vec<Value>>;

impl Link {
    /// None if there is no L2.
    pub(crate) fn new(config: &Config, tally: Arc<Tally>) -> Result<Option<Self>, ConfigError> {
        let Some(dialer) = Dialer::new(config)? else { return Ok(None) };
        Ok(Some(Self {
            dialer,
            command_timeout: config.command_timeout,
            state: Mutex::new(State::idle(config.owed_limit)),
            settled: Notify::new(),
            whole: Breaker::default(),
            areas: Areas::default(),
            proved_ms: AtomicU64::new(0),
            tally,
        }))
    }

    /// Sends requests, unless L2 is known to be away, and answers each.
    pub(crate) async fn ask(self: &Arc<Self>, requests: Vec<Request>) -> Vec<Answer> {
        match self.live().await {
            Some(live) => self.send_all(live, requests).await,
            None => vec![None; requests.len()],
        }
    }

    /// The value of each name, nil included; none if its slot did not answer.
    pub(crate) async fn fetch(self: &Arc<Self>, names: Vec<String>) -> Vec<Option<Value>> {
        let count = names.len();
        let Some(mut live) = self.live().await else { return vec![None; count] };
        if live.connection.is_cluster() {
            let requests = names.iter().map(|name| Request::new(name, vec![get(name)])).collect();
            let answers = self.send_all(live, requests).await;
            return answers.into_iter().map(|answer| answer?.pop()).collect();
        }
        let answer = if self.is_to_prove_itself() {
            live.connection.mget_and_write(&names).await
        } else {
            live.connection.mget(&names).await
        };
        match self.note(&live, None, answer) {
            Ok(Value::Array(values)) => values.into_iter().map(Some).collect(),
            _ => vec![None; count],
        }
    }

    /// Whether it is time for a read to bring a write along: a server that was
    /// demoted behind our back still answers reads, with ever older values, and
    /// only a write is told so.
    fn is_to_prove_itself(&self) -> bool {
        let (now, proved) = (wall_clock_ms(), self.proved_ms.load(Ordering::Relaxed));
        if now.abs_diff(proved) < millis(OPEN_FOR) {
            return false;
        }
        self.proved_ms.store(now, Ordering::Relaxed);
        true
    }

    /// One empty round trip.
    pub(crate) async fn ping(self: &Arc<Self>) -> Result<(), NoAnswer> {
        let mut live = self.live().await.ok_or(NoAnswer::Away)?;
        let answer = live.connection.ping().await;
        self.note(&live, None, answer).map_err(NoAnswer::Failed)
    }

    async fn send_all(self: &Arc<Self>, live: Live, requests: Vec<Request>) -> Vec<Answer> {
        let mut answers = vec![None; requests.len()];
        let batches = batches(requests, live.connection.is_cluster());
        let sent = batches.into_iter().map(|batch| self.send(live.clone(), batch));
        for (at, values) in join_all(sent).await.into_iter().flatten() {
            answers[at] = Some(values);
        }
        answers
    }

    /// The answers of a batch, by its requests' positions.
    async fn send(self: &Arc<Self>, mut live: Live, batch: Batch) -> Vec<(usize, Vec<Value>)> {
        let area = live.connection.is_cluster().then(|| self.areas.of(batch.slot));
        if area.is_some_and(|area| !area.admits()) {
            self.tally.l2_skipped.add(1);
            return Vec::new();
        }
        let answer = live.connection.send(&batch.pipeline).await;
        let Ok(values) = self.note(&live, area, answer) else { return Vec::new() };
        let mut values = values.into_iter();
        batch.parts.into_iter().map(|(at, commands)| (at, values.by_ref().take(commands).collect())).collect()
    }

    fn note<T>(
        self: &Arc<Self>,
        live: &Live,
        area: Option<&Breaker>,
        answer: RedisResult<T>,
    ) -> RedisResult<T> {
        match &answer {
            Ok(_) => std::iter::once(&self.whole).chain(area).for_each(Breaker::answered),
            Err(error) => self.failed(live, area, error),
        }
        answer
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

    /// Whether the link is up by then, and so nothing is owed.
    pub(crate) async fn is_up_within(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        loop {
            // Registered before the look, so that settling in between is not missed.
            let settled = self.settled.notified();
            if matches!(self.lock().phase, Phase::Up(_)) {
                return true;
            }
            if timeout_at(end, settled).await.is_err() {
                return false;
            }
        }
    }

    /// Whether nobody asks, because it did not answer.
    pub(crate) fn is_away(&self) -> bool {
        matches!(self.lock().phase, Phase::Down)
    }

    /// Connects if nobody has yet, and waits for that at most so long.
    pub(crate) async fn connected(self: &Arc<Self>, patience: Duration) {
        let settled = self.settled.notified();
        if let Outlook::Soon(_) = self.outlook() {
            let _ = timeout(patience, settled).await;
        }
    }

    async fn live(self: &Arc<Self>) -> Option<Live> {
        let live = self.up_soon().await;
        match live {
            Some(_) => self.tally.l2_asked.add(1),
            None => self.tally.l2_skipped.add(1),
        }
        live
    }

    async fn up_soon(self: &Arc<Self>) -> Option<Live> {
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

    fn failed(self: &Arc<Self>, live: &Live, area: Option<&Breaker>, error: &RedisError) {
        self.tally.l2_errors.add(1);
        let cluster = live.connection.is_cluster();
        let (lost, open) = (is_lost(error, cluster), area.unwrap_or(&self.whole).failed(error));
        if !lost && !open {
            return;
        }
        let mut state = self.lock();
        if state.epoch != live.epoch || !matches!(state.phase, Phase::Up(_)) {
            return;
        }
        if lost || !cluster {
            self.go_down(&mut state, &reason(error));
        } else {
            self.renew(&mut state);
        }
    }

    /// Not more often than areas are probed.
    fn renew(self: &Arc<Self>, state: &mut State) {
        if !state.renewing && state.up_since.elapsed() >= OPEN_FOR {
            state.renewing = true;
            keeper::renew(self, state.epoch);
        }
    }

    /// Puts a new connection in the place of one that is still up. If there is
    /// none, the old one stays as long as anything answers.
    pub(crate) fn renewed(self: &Arc<Self>, epoch: u64, connection: RedisResult<Connection>) {
        let mut state = self.lock();
        state.renewing = false;
        if state.epoch != epoch || !matches!(state.phase, Phase::Up(_)) {
            return;
        }
        match connection {
            Ok(connection) => {
                state.is_up(connection);
                self.areas.probe();
            }
            Err(error) if self.whole.is_silent() => self.go_down(&mut state, &reason(&error)),
            Err(_) => state.up_since = Instant::now(),
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
    pub(crate) async fn connect(&self) -> RedisResult<Connection> {
        self.dialer.dial().await
    }

    /// Goes up if nothing is owed; else says what is to be paid first.
    pub(crate) fn go_up(&self, connection: &Connection) -> Option<Debt> {
        let mut state = self.lock();
        if let Some(debt) = state.owed.take() {
            return Some(debt);
        }
        if matches!(state.phase, Phase::Down) {
            tracing::warn!("cache L2 is back");
        }
        state.is_up(connection.clone());
        self.whole.close();
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
    fn is_up(&mut self, connection: Connection) {
        self.phase = Phase::Up(connection);
        self.epoch += 1;
        self.up_since = Instant::now();
    }

    fn idle(owed_limit: usize) -> Self {
        Self {
            phase: Phase::Idle,
            epoch: 0,
            up_since: Instant::now(),
            renewing: false,
            owed: Owed::new(owed_limit),
        }
    }
}

/// Whether the connection is of no more use: it broke, leads to a server that
/// has been demoted, whose name may by now lead to another one, or is no longer
/// let in. A cluster's connection heals itself, but for the last.
fn is_lost(error: &RedisError, cluster: bool) -> bool {
    match error.kind() {
        ErrorKind::AuthenticationFailed => true,
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown) => !cluster,
        _ => !cluster && error.is_unrecoverable_error(),
    }
}

fn get(name: &str) -> Cmd {
    let mut get = redis::cmd("GET");
    get.arg(name);
    get
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
