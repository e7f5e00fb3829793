//! What every call passes on its way out: a slot, the deadline, and the meter.
//!
//! An execution environment has few requests at a time, and each of them few
//! calls: more in flight than there are slots is a defect or an overload, and
//! waits. Nothing waits past the deadline of the invocation.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, SdkError};
use cache::Histogram;
use monitoring::{Count, DatabaseUse, Measure, Monitoring, OperationUse};
use retry::deadline;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout_at;

use crate::Config;

/// The door. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Door(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    slots: Semaphore,
    all_slots: usize,
    slot_wait: Duration,
    slow: Duration,
    most_slots_used: AtomicUsize,
    waits: AtomicU64,
    meters: Mutex<BTreeMap<&'static str, Arc<Meter>>>,
    monitoring: Monitoring,
}

/// What is counted of one operation.
#[derive(Debug, Default)]
struct Meter {
    calls: AtomicU64,
    failures: AtomicU64,
    retries: AtomicU64,
    slow: AtomicU64,
    latency: Histogram,
}

/// Why a call did not come to an answer of DynamoDB's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Held {
    /// It was never sent: no slot was free in time.
    #[error("no slot for the call was free in time")]
    NoSlot,
    /// It was cut off, and may have been carried out.
    #[error("the invocation's time was over before the answer came")]
    OutOfTime,
}

impl Door {
    pub(crate) fn new(config: &Config, monitoring: &Monitoring) -> Self {
        Self(Arc::new(Inner {
            slots: Semaphore::new(config.slots),
            all_slots: config.slots,
            slot_wait: config.slot_wait,
            slow: config.slow,
            most_slots_used: AtomicUsize::new(0),
            waits: AtomicU64::new(0),
            meters: Mutex::default(),
            monitoring: monitoring.clone(),
        }))
    }

    /// Lets a call through, and waits for its end.
    pub(crate) async fn pass<F: Future>(
        &self,
        operation: &'static str,
        attempts: &Attempts,
        call: F,
    ) -> Result<F::Output, Held> {
        let meter = self.meter(operation);
        self.0.monitoring.count(Count::DatabaseCalls, 1);
        meter.calls.fetch_add(1, Ordering::Relaxed);
        let _slot = self.slot().await.ok_or(Held::NoSlot).inspect_err(|_| self.note_failure(&meter))?;
        let start = Instant::now();
        let outcome = deadline::before(call).await;
        self.took(operation, &meter, start.elapsed(), attempts.retries());
        outcome.ok_or(Held::OutOfTime).inspect_err(|_| self.note_failure(&meter))
    }

    /// The call's outcome was a failure of DynamoDB's, not an answer; or it never
    /// came to one, because no connection held.
    pub(crate) fn failed<E, R>(&self, operation: &'static str, error: &SdkError<E, R>) {
        self.note_failure(&self.meter(operation));
        if matches!(error, SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)) {
            self.0.monitoring.count(Count::DatabaseConnectionFailures, 1);
        }
    }

    /// The call will be made again.
    pub(crate) fn retried(&self, operation: &'static str) {
        self.note_retries(&self.meter(operation), 1);
    }

    fn note_failure(&self, meter: &Meter) {
        meter.failures.fetch_add(1, Ordering::Relaxed);
        self.0.monitoring.count(Count::DatabaseFailures, 1);
    }

    fn note_retries(&self, meter: &Meter, retries: u64) {
        meter.retries.fetch_add(retries, Ordering::Relaxed);
        self.0.monitoring.count(Count::DatabaseRetries, retries);
    }

    fn took(&self, operation: &'static str, meter: &Meter, time: Duration, retries: u64) {
        meter.latency.record(time);
        self.0.monitoring.took(Measure::DatabaseTime, time);
        self.note_retries(meter, retries);
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(operation, duration_us = micros, retries, "call of DynamoDB");
        if time >= self.0.slow {
            meter.slow.fetch_add(1, Ordering::Relaxed);
            self.0.monitoring.count(Count::DatabaseSlow, 1);
            let (request_id, trace_id) = (monitoring::request_id(), monitoring::trace_id());
            let duration_ms = micros / 1_000;
            tracing::warn!(request_id, trace_id, operation, duration_ms, "slow call of DynamoDB");
        }
    }

    /// What went through since the process began.
    pub(crate) fn use_so_far(&self) -> DatabaseUse {
        let meters = self.0.meters.lock().unwrap_or_else(PoisonError::into_inner);
        DatabaseUse {
            slots: self.0.all_slots,
            most_slots_used: self.0.most_slots_used.load(Ordering::Relaxed),
            waits: self.0.waits.load(Ordering::Relaxed),
            operations: meters.iter().map(|(name, meter)| (*name, meter.use_so_far())).collect(),
        }
    }

    async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        let slot = if let Ok(slot) = self.0.slots.try_acquire() {
            slot
        } else {
            self.0.waits.fetch_add(1, Ordering::Relaxed);
            let end = deadline::at_most(self.0.slot_wait);
            timeout_at(end, self.0.slots.acquire()).await.ok()?.expect("the semaphore is never closed")
        };
        let used = self.0.all_slots - self.0.slots.available_permits();
        self.0.most_slots_used.fetch_max(used, Ordering::Relaxed);
        self.0.monitoring.measured(Measure::SlotUse, (100 * used / self.0.all_slots) as u64);
        Some(slot)
    }

    fn meter(&self, operation: &'static str) -> Arc<Meter> {
        let mut meters = self.0.meters.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(meters.entry(operation).or_default())
    }
}

impl Meter {
    fn use_so_far(&self) -> OperationUse {
        let latency = self.latency.latency();
        OperationUse {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            slow: self.slow.load(Ordering::Relaxed),
            p50: latency.p50,
            p95: latency.p95,
            p99: latency.p99,
        }
    }
}

/// Counts how often the SDK sends one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts(Arc<AtomicU32>);

impl Attempts {
    fn retries(&self) -> u64 {
        self.0.load(Ordering::Relaxed).saturating_sub(1).into()
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        if before > 0 {
            tracing::debug!(retries = before, "call of DynamoDB sent again");
        }
        Ok(())
    }
}
