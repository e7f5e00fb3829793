//! Work that no caller waits for.
//!
//! It is queued while a request is served and runs between its response and the
//! freeze: whoever serves the requests drains the queue. What does not fit, into
//! the queue or into the time, is dropped and counted; so only what will come
//! again by itself belongs here.

use std::collections::VecDeque;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::join_all;

/// Jobs that may wait. One response rarely leaves more than a few.
const ROOM: usize = 256;

/// How often reports are made while requests come: after so many, or so long.
const REPORT_AFTER: (u32, Duration) = (100, Duration::from_secs(10));

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A queue of work for after the response. Clones are the same queue.
#[derive(Clone, Default)]
pub struct AfterResponse(Arc<Mutex<Queue>>);

type Report = Box<dyn FnMut() + Send>;

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    dropped: u64,
    reports: Vec<Report>,
    drains: u32,
    reported: Option<Instant>,
}

impl AfterResponse {
    /// Queues a job, if there is room.
    pub fn push(&self, job: impl Future<Output = ()> + Send + 'static) {
        self.with(|queue| {
            if queue.jobs.len() < ROOM {
                queue.jobs.push_back(Box::pin(job));
            } else {
                queue.dropped += 1;
            }
        });
    }

    /// Makes a report, after a response, every 100 of them or 10 s. It must not block.
    pub fn report(&self, report: impl FnMut() + Send + 'static) {
        self.with(|queue| queue.reports.push(Box::new(report)));
    }

    /// Runs all that is queued, side by side, for at most `limit`.
    pub async fn drain(&self, limit: Duration) {
        self.report_when_due();
        let jobs = self.with(|queue| std::mem::take(&mut queue.jobs));
        if jobs.is_empty() {
            return;
        }
        let mut unfinished = jobs.len() as u64;
        // A job that panics ends alone: its request has been answered.
        let jobs = join_all(jobs.into_iter().map(|job| AssertUnwindSafe(job).catch_unwind()));
        if tokio::time::timeout(limit, jobs).await.is_ok() {
            unfinished = 0;
        }
        let dropped = self.with(|queue| std::mem::take(&mut queue.dropped)) + unfinished;
        if dropped > 0 {
            tracing::warn!(dropped, "work after the response did not fit and was dropped");
        }
    }

    /// Outside the queue's lock: a report may use the queue.
    fn report_when_due(&self) {
        let mut reports = self.with(Queue::due_reports);
        for report in &mut reports {
            report();
        }
        self.with(|queue| queue.reports.append(&mut reports));
    }

    fn with<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Queue {
    fn due_reports(&mut self) -> Vec<Report> {
        self.drains += 1;
        let waited = self.reported.get_or_insert_with(Instant::now).elapsed();
        if self.drains < REPORT_AFTER.0 && waited < REPORT_AFTER.1 {
            return Vec::new();
        }
        (self.drains, self.reported) = (0, Some(Instant::now()));
        std::mem::take(&mut self.reports)
    }
}

impl fmt::Debug for AfterResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AfterResponse(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_is_queued_runs_when_drained_and_once() {
        let (queue, runs) = (AfterResponse::default(), Arc::new(AtomicUsize::new(0)));
        for _ in 0..3 {
            let runs = Arc::clone(&runs);
            queue.push(async move {
                runs.fetch_add(1, Ordering::SeqCst);
            });
        }
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        for _ in 0..2 {
            queue.drain(Duration::from_secs(10)).await;
            assert_eq!(runs.load(Ordering::SeqCst), 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_dropped() {
        let (queue, whole) = (AfterResponse::default(), Arc::new(()));
        let held = Arc::clone(&whole);
        queue.push(async move {
            std::future::pending::<()>().await;
            drop(held);
        });
        queue.drain(Duration::from_secs(1)).await;
        assert_eq!(Arc::strong_count(&whole), 1);
    }

    #[tokio::test]
    async fn a_job_that_panics_takes_no_other_along() {
        let (queue, runs) = (AfterResponse::default(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&runs);
        queue.push(async { panic!("as a bug would") });
        queue.push(async move { _ = count.fetch_add(1, Ordering::SeqCst) });
        queue.drain(Duration::from_secs(10)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn reports_are_made_every_hundred_responses() {
        let (queue, reports) = (AfterResponse::default(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&reports);
        queue.report(move || _ = count.fetch_add(1, Ordering::SeqCst));
        for _ in 0..250 {
            queue.drain(Duration::from_secs(10)).await;
        }
        assert_eq!(reports.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_full_queue_takes_no_more() {
        let (queue, whole) = (AfterResponse::default(), Arc::new(()));
        for _ in 0..2 * ROOM {
            let held = Arc::clone(&whole);
            queue.push(async move { drop(held) });
        }
        assert_eq!(Arc::strong_count(&whole), ROOM + 1);
    }
}
