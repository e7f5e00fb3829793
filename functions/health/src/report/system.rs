//! What the processes take.

use monitoring::{Count, Measure};
use serde::Serialize;
use utoipa::ToSchema;

use crate::check::{Check, Checks, Status};
use crate::number::Number;
use crate::recent::Recent;
use crate::{judge, limits};

/// The processes.
#[derive(Serialize, ToSchema)]
#[schema(as = HealthSystem)]
pub(super) struct System {
    pub(super) status: Status,
    #[schema(value_type = HashMap<String, Check>)]
    checks: Checks,
    /// Open sockets of the process that has most of them.
    connections: Option<Number>,
    cold_starts: Option<u64>,
    /// Jobs for after a response that did not fit.
    after_response_dropped: Option<u64>,
}

impl System {
    pub(super) fn of(recent: &Recent) -> Self {
        let totals = &recent.all;
        let checks = Checks::new([
            ("memory", judge::most(limits::MEMORY, totals, Measure::MemoryUsed)),
            ("memory_use", judge::most(limits::MEMORY_USE, totals, Measure::MemoryUse)),
            ("cpu", judge::level(limits::CPU, totals, Measure::CpuUse)),
        ]);
        Self {
            status: checks.status(),
            checks,
            connections: judge::number(totals, Measure::Connections, 100),
            cold_starts: recent.count(Count::ColdStarts),
            after_response_dropped: recent.count(Count::AfterResponseDropped),
        }
    }
}
