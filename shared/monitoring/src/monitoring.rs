//! The handle that a function is monitored by.

use std::fmt;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use cache::Cache;
use futures::future::join_all;

use crate::after_response::{AfterResponse, Importance};
use crate::fleet::{Fleet, Window, minute};
use crate::logs::init_logs;
use crate::metrics::{self, Slowest};
use crate::pace::{Pace, now};
use crate::popular::Read;
use crate::process::Process;
use crate::sentry::Sentry;
use crate::settings::{Settings, SettingsError};
use crate::totals::{Count, Measure, Meters, Totals};

/// How long an environment is kept from its next event for the work after a response.
const AFTER_AT_MOST: Duration = Duration::from_secs(1);
/// Between two tries to tell L2 what a process that ends has counted.
const PAUSE: Duration = Duration::from_millis(20);
/// What is left of an invocation's time when that work has to end.
const MARGIN: Duration = Duration::from_millis(100);

/// What a function says of itself. Clones are the same.
///
/// Whatever happens is counted, at a few nanoseconds each. Every 100 answers or 10
/// seconds, after an answer, what has come together goes out: as metrics in a line of
/// the log, and to the fleet's window in L2.
#[derive(Clone, Default)]
pub struct Monitoring(Arc<Inner>);

#[derive(Default)]
struct Inner {
    settings: Settings,
    started: Option<Instant>,
    after_response: AfterResponse,
    meters: Meters,
    process: Process,
    pace: Pace,
    fleet: Fleet,
    sentry: Option<Sentry>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    init: Vec<Job>,
    sources: Vec<Source>,
    /// What is not yet in the metrics.
    untold: Totals,
    slowest: Option<Slowest>,
}

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Adds what has come since it was last asked.
type Source = Box<dyn FnMut(&mut Totals) + Send>;

impl Monitoring {
    /// Begins to log, and to count.
    ///
    /// # Errors
    /// When a setting makes no sense.
    pub fn start(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let (settings, after_response) = (Settings::read(variable)?, AfterResponse::default());
        let start = |it| Sentry::start(it, &settings.function, &after_response);
        let sentry = settings.sentry.as_ref().map(start);
        init_logs(sentry.is_some());
        let monitoring = Self::with(settings, after_response, sentry);
        monitoring.count(Count::ColdStarts, 1);
        Ok(monitoring)
    }

    /// Counts for a process with these settings, and does not log.
    pub fn new(settings: Settings) -> Self {
        Self::with(settings, AfterResponse::default(), None)
    }

    fn with(settings: Settings, after_response: AfterResponse, sentry: Option<Sentry>) -> Self {
        let (process, fleet) =
            (Process::new(settings.memory_mib, !settings.is_concurrent), Fleet::new(&settings.function));
        let (started, losses) = (Some(Instant::now()), sentry.as_ref().map(Sentry::losses));
        let inner = Inner { settings, started, after_response, process, fleet, sentry, ..Inner::default() };
        let monitoring = Self(Arc::new(inner));
        if let Some(losses) = losses {
            monitoring.source(losses);
        }
        monitoring
    }

    /// What the environment says of the process.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Counts what happened.
    pub fn count(&self, what: Count, times: u64) {
        self.0.meters.count(what, times);
    }

    /// Notes how long something took.
    pub fn took(&self, what: Measure, time: Duration) {
        self.0.meters.measured(what).record(time);
    }

    /// Notes a number.
    pub fn measured(&self, what: Measure, number: u64) {
        self.0.meters.measured(what).record_number(number);
    }

    /// Who else counts: asked now and then for what has come since.
    pub fn source(&self, source: impl FnMut(&mut Totals) + Send + 'static) {
        self.state().sources.push(Box::new(source));
    }

    /// Something that the cache holds was read, by its name.
    pub fn read(&self, what: Read, name: &str) {
        self.0.fleet.read(what, name);
    }

    /// Notes a request that may be the slowest of its while.
    pub fn slowest(&self, time: Duration, request: impl FnOnce() -> Slowest) {
        let mut state = self.state();
        if state.slowest.as_ref().is_none_or(|slowest| slowest.time < time) {
            state.slowest = Some(request());
        }
    }

    /// Work for after the response.
    pub fn after_response(&self) -> &AfterResponse {
        &self.0.after_response
    }

    /// Work for the process's init, in which Lambda gives a whole processor to also a small
    /// function: connections are opened there, rather than by the first request.
    pub fn at_init(&self, job: impl Future<Output = ()> + Send + 'static) {
        self.state().init.push(Box::pin(job));
    }

    /// Does the work of the init, side by side, for at most so long.
    pub async fn init(&self, limit: Duration) {
        let jobs = std::mem::take(&mut self.state().init);
        let _ = tokio::time::timeout(limit, join_all(jobs)).await;
    }

    /// The process is ready for its first invocation.
    pub fn ready(&self) {
        if let Some(started) = self.0.started {
            self.took(Measure::InitTime, started.elapsed());
        }
        self.0.sentry.iter().for_each(Sentry::ready);
    }

    /// An invocation begins. It ends with what this returns, which starts the work for
    /// after the response, however it ends. A deadline in the past is none.
    pub fn serve(&self, deadline: SystemTime) -> Serving {
        // What came before belongs to the minute before.
        if let Some(ended) = self.0.fleet.ended_minute(now()) {
            self.collect(ended);
        }
        self.0.process.begin();
        Serving { monitoring: self.clone(), deadline }
    }

    /// Tells all that has come together, also where no answer makes it due.
    pub fn tell(&self, limit: Duration) {
        self.tell_by(now());
        self.0.after_response.start(limit);
    }

    /// Tells all there is, before the process ends.
    pub async fn end(&self, limit: Duration) {
        self.tell(limit);
        let sent = async {
            if let Some(sentry) = &self.0.sentry {
                sentry.flush(limit).await;
            }
        };
        let told = async {
            self.0.after_response.idle().await;
            // Nobody sends again what is not acknowledged now.
            while self.0.fleet.owes() {
                tokio::time::sleep(PAUSE).await;
                self.0.fleet.write(now()).await;
            }
        };
        // What others started may have more time than is left.
        let all = async { tokio::join!(sent, told) };
        let _ = tokio::time::timeout(limit, all).await;
    }

    fn answered(&self, limit: Duration) {
        self.0.process.end();
        let now = now();
        if self.0.pace.is_due(now) {
            self.tell_by(now);
        }
        self.0.after_response.start(limit);
    }

    /// Puts what has come together into the log, and writes it to L2 later on.
    fn tell_by(&self, now: Duration) {
        self.collect(minute(now));
        let (untold, slowest) = self.take_untold();
        if !self.0.settings.function.is_empty() {
            print(&metrics::lines(&self.0.settings, &untold, slowest.as_ref(), now));
        }
        let monitoring = self.clone();
        self.0.after_response.push(Importance::Counters, async move { monitoring.0.fleet.write(now).await });
    }

    /// Adds up what came since the last time, for this minute.
    fn collect(&self, minute: u64) {
        let mut totals = self.0.meters.take();
        totals.add(Count::AfterResponseDropped, self.0.after_response.take_dropped());
        let mut state = self.state();
        for source in &mut state.sources {
            source(&mut totals);
        }
        if totals.is_of_telling_alone() {
            return;
        }
        self.0.process.look(&mut totals);
        state.untold.merge(&totals);
        self.0.fleet.keep(minute, &totals);
    }

    fn take_untold(&self) -> (Totals, Option<Slowest>) {
        let mut state = self.state();
        (std::mem::take(&mut state.untold), state.slowest.take())
    }

    /// Where the fleet's counts come together: in L2 of this cache, if it has one.
    pub fn share_through(&self, cache: &Cache) {
        self.0.fleet.share_through(cache);
    }

    /// What the fleet did in the last minutes; or this process alone, where there is no
    /// L2. None if L2 does not tell.
    pub async fn window(&self, minutes: u64) -> Option<Window> {
        self.0.fleet.window(minutes, now()).await
    }

    /// The names that the fleet read most in the last hour or two, and how often. None
    /// if L2 does not tell, or there is none.
    pub async fn most_read(&self, what: Read, most: usize) -> Option<Vec<(String, u64)>> {
        self.0.fleet.most_read(what, most, now()).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An invocation that is being served.
#[derive(Debug)]
#[must_use]
pub struct Serving {
    monitoring: Monitoring,
    deadline: SystemTime,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.monitoring.answered(time_left(self.deadline));
    }
}

/// For the work after a response. A deadline in the past is none: the local emulator
/// gives one of 1970.
fn time_left(deadline: SystemTime) -> Duration {
    match deadline.duration_since(SystemTime::now()) {
        Ok(left) => left.saturating_sub(MARGIN).min(AFTER_AT_MOST),
        Err(_) => AFTER_AT_MOST,
    }
}

/// All at once, so that no other line comes in between.
fn print(lines: &[String]) {
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    // A log that cannot be written has nobody to tell.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

impl fmt::Debug for Monitoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitoring").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_work_of_the_init_is_done_once_side_by_side_and_not_for_ever() {
        let (monitoring, done) = (Monitoring::default(), Arc::new(Mutex::new(0)));
        monitoring.at_init(std::future::pending());
        let counted = Arc::clone(&done);
        monitoring.at_init(async move { *counted.lock().expect("never poisoned") += 1 });
        for _ in 0..2 {
            monitoring.init(Duration::from_secs(1)).await;
            assert_eq!(*done.lock().expect("never poisoned"), 1);
        }
    }

    #[test]
    fn the_work_ends_before_the_invocations_time_does() {
        let left = |from_now| time_left(SystemTime::now() + from_now);
        assert_eq!(left(Duration::from_mins(1)), AFTER_AT_MOST);
        assert!(left(Duration::from_millis(500)) <= Duration::from_millis(400));
        assert_eq!(left(Duration::from_millis(50)), Duration::ZERO);
        assert_eq!(time_left(SystemTime::UNIX_EPOCH), AFTER_AT_MOST, "no deadline is known");
    }
}
