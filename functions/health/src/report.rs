//! The answer: what was seen, judged. Nothing is asked here.

mod api;
mod business;
mod cache;
mod database;
mod functions;
mod minutes;
mod system;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitoring::{FunctionNames, Window};
use serde::Serialize;
use utoipa::ToSchema;

use self::api::Api;
use self::business::Business;
use self::cache::Cache;
use self::database::Database;
use self::functions::Function;
use self::minutes::Minute;
use self::system::System;
use crate::check::Status;
use crate::managed::Described;
use crate::probe::Probe;
use crate::recent::{JUDGED, View};

/// What was seen of the system.
pub(crate) struct Observed {
    pub(crate) now: Timestamp,
    /// Seconds since this process started.
    pub(crate) uptime: u64,
    pub(crate) database: Probe,
    pub(crate) cache: Probe,
    /// What the fleet counted; none if that cannot be read.
    pub(crate) window: Option<Window>,
    /// `ElastiCache`'s own words, of a cache of its.
    pub(crate) managed: Option<Described>,
}

/// The answer of `GET /api/health/detailed`.
#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct Report {
    /// The worst of all below.
    pub(crate) status: Status,
    timestamp: Timestamp,
    uptime: u64,
    window: Scope,
    services: Services,
    system: System,
    /// What the shop did in the judged minutes; no verdict. This and every other count
    /// is null where the fleet's counts cannot be read.
    business: Business,
    /// Functions that do not answer the shop's requests.
    other_functions: BTreeMap<String, Function>,
    /// The last quarter of an hour, minute by minute.
    minutes: Vec<Minute>,
}

/// What the counts are of.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthWindow)]
struct Scope {
    /// `fleet`, `environment` where only this process counts, or `unknown`.
    scope: &'static str,
    /// The last minutes, by which everything but the probes is judged.
    minutes: u64,
}

/// What the shop stands on, and how it does.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthServices)]
struct Services {
    database: Database,
    cache: Cache,
    api: Api,
}

impl Services {
    fn status(&self) -> Status {
        Status::worst([self.database.status, self.cache.status, self.api.status])
    }
}

impl Report {
    pub(crate) fn of(observed: Observed, names: &FunctionNames) -> Self {
        let scope = scope(observed.window.as_ref());
        let view = View { window: observed.window.as_ref(), names, now: observed.now };
        let recent = view.judged();
        let services = Services {
            database: Database::of(observed.database, &recent),
            cache: Cache::of(observed.cache, observed.managed, &recent),
            api: Api::of(&recent, view.judged_seconds()),
        };
        let system = System::of(&recent);
        Self {
            status: Status::worst([services.status(), system.status]).min(Status::Healthy),
            timestamp: observed.now,
            uptime: observed.uptime,
            window: Scope { scope, minutes: JUDGED },
            services,
            system,
            business: Business::of(&recent),
            other_functions: functions::others(&recent),
            minutes: view.shown().map(|(minute, recent)| Minute::of(minute, &recent, &view)).collect(),
        }
    }
}

fn scope(window: Option<&Window>) -> &'static str {
    match window {
        Some(window) if window.is_fleet => "fleet",
        Some(_) => "environment",
        None => "unknown",
    }
}
