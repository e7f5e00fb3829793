//! What was asked of the database, and how it answered.

use std::collections::BTreeMap;
use std::time::Duration;

/// What a process asked of the database since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseUse {
    /// Calls that may be in flight at once.
    pub slots: usize,
    /// The most that were.
    pub most_slots_used: usize,
    /// Calls that had to wait for a slot.
    pub waits: u64,
    /// What was asked, by operation name.
    pub operations: BTreeMap<&'static str, OperationUse>,
}

/// What one operation asked of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationUse {
    /// Calls, those included that found no slot in time.
    pub calls: u64,
    /// Calls that ended without an answer, or were refused for no reason of ours.
    pub failures: u64,
    /// Calls that were sent again.
    pub retries: u64,
    /// Calls that took 500 ms or what is configured.
    pub slow: u64,
    /// Half of the calls took at most this long; like the others since the
    /// process began.
    pub p50: Duration,
    /// 95 % of them took at most this long.
    pub p95: Duration,
    /// 99 % of them took at most this long.
    pub p99: Duration,
}

impl DatabaseUse {
    /// Writes what is new since `before` to the log: a line for each operation
    /// that was called.
    pub fn log_since(&self, before: &Self) {
        for (operation, now) in &self.operations {
            let before = before.operations.get(operation).copied().unwrap_or_default();
            if now.calls > before.calls || now.failures > before.failures {
                self.log(operation, now, &before);
            }
        }
    }

    fn log(&self, operation: &str, now: &OperationUse, before: &OperationUse) {
        let micros = |latency: Duration| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            operation,
            calls = now.calls - before.calls,
            failures = now.failures - before.failures,
            retries = now.retries - before.retries,
            slow = now.slow - before.slow,
            p50_us = micros(now.p50),
            p95_us = micros(now.p95),
            p99_us = micros(now.p99),
            slots = self.slots,
            most_slots_used = self.most_slots_used,
            slot_waits = self.waits,
            "database use"
        );
    }
}
