//! The last minutes of the fleet's window.

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitoring::{Count, FunctionNames, Totals, Window};

use crate::names::is_of_the_api;

/// Minutes that are judged, the running one among them.
pub(crate) const JUDGED: u64 = 5;
/// Minutes that are shown, and the running one.
pub(crate) const SHOWN: u64 = 15;

const SECONDS: u64 = 60;

/// What happened in some minutes.
#[derive(Default)]
pub(crate) struct Recent {
    /// Whether that can be read; else nothing below means anything.
    is_known: bool,
    /// In everything that counts.
    pub(crate) all: Totals,
    /// In all functions that answer the shop's requests.
    pub(crate) api: Totals,
    /// In each function, by its short name.
    pub(crate) functions: BTreeMap<String, Totals>,
}

impl Recent {
    /// Whether the fleet's counts could be read.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// How often something happened anywhere, if that is known.
    pub(crate) fn count(&self, of: Count) -> Option<u64> {
        self.is_known.then(|| self.all.count(of))
    }

    /// How often something happened in the API, if that is known.
    pub(crate) fn count_of_api(&self, of: Count) -> Option<u64> {
        self.is_known.then(|| self.api.count(of))
    }

    fn add(&mut self, function: &str, totals: &Totals) {
        self.all.merge(totals);
        if is_of_the_api(function) {
            self.api.merge(totals);
        }
        self.functions.entry(function.to_owned()).or_default().merge(totals);
    }
}

/// A window, and when it is looked at.
pub(crate) struct View<'a> {
    /// None, if it cannot be read.
    pub(crate) window: Option<&'a Window>,
    pub(crate) names: &'a FunctionNames,
    pub(crate) now: Timestamp,
}

impl View<'_> {
    /// What is judged. What a faster clock than ours counted ahead belongs to it.
    pub(crate) fn judged(&self) -> Recent {
        self.of(self.running().saturating_sub(JUDGED - 1)..=u64::MAX)
    }

    /// The seconds that this is about.
    pub(crate) fn judged_seconds(&self) -> u64 {
        (JUDGED - 1) * SECONDS + self.seconds_of(self.running())
    }

    /// Each minute that is shown, oldest first, with its number since 1970; none if
    /// nothing is known.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (u64, Recent)> {
        let minutes = self.running().saturating_sub(SHOWN)..=self.running();
        let known = minutes.filter(|_| self.window.is_some());
        known.map(|minute| (minute, self.of(minute..=minute)))
    }

    /// How much of a minute has passed.
    pub(crate) fn seconds_of(&self, minute: u64) -> u64 {
        (self.second() - minute * SECONDS).min(SECONDS)
    }

    fn of(&self, minutes: std::ops::RangeInclusive<u64>) -> Recent {
        let mut recent = Recent { is_known: self.window.is_some(), ..Recent::default() };
        let said = self.window.into_iter().flat_map(|window| window.minutes.range(minutes.clone()));
        for (function, totals) in said.flat_map(|(_, functions)| functions) {
            recent.add(self.names.short(function), totals);
        }
        recent
    }

    fn running(&self) -> u64 {
        self.second() / SECONDS
    }

    fn second(&self) -> u64 {
        self.now.as_second().unsigned_abs()
    }
}

/// When a minute began.
pub(crate) fn begin(minute: u64) -> Timestamp {
    let second = i64::try_from(minute * SECONDS).unwrap_or_default();
    Timestamp::from_second(second).unwrap_or_default()
}
