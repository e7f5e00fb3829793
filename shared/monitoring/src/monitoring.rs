//! The handle that a function is monitored by.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cache::Cache;

use crate::after_response::AfterResponse;
use crate::fleet::{Fleet, Window};
use crate::logs::init_logs;
use crate::settings::Settings;
use crate::totals::{Count, Measure, Meters, Totals};

/// What a function says of itself. Clones are the same.
#[derive(Clone, Default)]
pub struct Monitoring(Arc<Inner>);

#[derive(Default)]
struct Inner {
    settings: Settings,
    after_response: AfterResponse,
    meters: Meters,
    sources: Mutex<Vec<Source>>,
    fleet: Fleet,
}

/// Adds what has come since it was last asked.
type Source = Box<dyn FnMut(&mut Totals) + Send>;

impl Monitoring {
    /// Begins to log, and to count.
    pub fn start(variable: &impl Fn(&str) -> Option<String>) -> Self {
        init_logs();
        let settings = Settings::read(variable);
        let fleet = Fleet::new(&settings.function);
        Self(Arc::new(Inner { settings, fleet, ..Inner::default() }))
    }

    /// Work for after the response.
    pub fn after_response(&self) -> &AfterResponse {
        &self.0.after_response
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
        self.0.sources.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(source));
    }

    /// Where the fleet's counts come together: in L2 of this cache, if it has one.
    pub fn share_through(&self, cache: &Cache) {
        self.0.fleet.share_through(cache);
    }

    /// What the fleet did in the last minutes; or this process alone, where there is no
    /// L2. None if L2 does not tell.
    pub async fn window(&self, minutes: u64) -> Option<Window> {
        self.0.fleet.window(minutes).await
    }
}

impl fmt::Debug for Monitoring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitoring").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
