//! Work that no caller waits for.
//!
//! It is queued while a request is served and runs between its response and the
//! freeze, the most important first. What does not fit, into the queue or into the
//! time, is dropped and counted; so only what will come again by itself, or can be
//! missed, belongs here.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use tokio::sync::watch;

/// Jobs that may wait. One response rarely leaves more than a few.
const ROOM: usize = 256;

/// What goes first, and what gives way when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// What went wrong: nobody else tells of it.
    Errors,
    /// What was counted: it keeps until the next time.
    Counters,
    /// What the next reader would do.
    Refresh,
}

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// By importance, and by when they came.
type Jobs = BTreeMap<(Importance, u64), Job>;

/// A queue of work for after the response. Clones are the same queue.
#[derive(Clone)]
pub struct AfterResponse(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// Batches that are running.
    running: watch::Sender<usize>,
}

#[derive(Default)]
struct Queue {
    jobs: Jobs,
    pushed: u64,
    dropped: u64,
}

impl Default for AfterResponse {
    fn default() -> Self {
        let (running, _) = watch::channel(0);
        Self(Arc::new(Shared { queue: Mutex::default(), running }))
    }
}

impl AfterResponse {
    /// Queues a job. Without room, the latest of the least important gives way.
    pub fn push(&self, importance: Importance, job: impl Future<Output = ()> + Send + 'static) {
        self.queue(|queue| {
            queue.pushed += 1;
            queue.jobs.insert((importance, queue.pushed), Box::pin(job));
            if queue.jobs.len() > ROOM {
                queue.jobs.pop_last();
                queue.dropped += 1;
            }
        });
    }

    /// Starts all that is queued, side by side, and then what that has queued in turn,
    /// for at most `limit`; without any time, nothing. It runs in the background;
    /// [`Self::idle`] tells when it has ended.
    pub fn start(&self, limit: Duration) {
        let jobs = self.take();
        if jobs.is_empty() || limit.is_zero() {
            return self.put_back(jobs);
        }
        let (queue, running) = (self.clone(), Running::begin(self));
        tokio::spawn(async move {
            let _running = running;
            let _ = tokio::time::timeout(limit, queue.run(jobs)).await;
        });
    }

    async fn run(&self, mut jobs: Jobs) {
        while !jobs.is_empty() {
            join_all(jobs.into_values().map(|job| self.to_its_end(job)).collect::<Vec<_>>()).await;
            jobs = self.take();
        }
    }

    fn take(&self) -> Jobs {
        self.queue(|queue| std::mem::take(&mut queue.jobs))
    }

    fn put_back(&self, jobs: Jobs) {
        self.queue(|queue| queue.jobs.extend(jobs));
    }

    /// Until nothing that was started runs any more.
    pub async fn idle(&self) {
        // The sender is ours, so that it cannot be gone.
        let _ = self.0.running.subscribe().wait_for(|running| *running == 0).await;
    }

    /// A job that counts as dropped unless it ends. One that panics ends alone: its
    /// request has been answered.
    fn to_its_end(&self, job: Job) -> impl Future<Output = ()> + Send + use<> {
        let mut work = Work { queue: self.clone(), ended: false };
        async move {
            let _ = AssertUnwindSafe(job).catch_unwind().await;
            work.has_ended();
        }
    }

    /// How many jobs were dropped since it was last asked.
    pub(crate) fn take_dropped(&self) -> u64 {
        self.queue(|queue| std::mem::take(&mut queue.dropped))
    }

    fn queue<T>(&self, change: impl FnOnce(&mut Queue) -> T) -> T {
        change(&mut self.0.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A batch that runs, whatever ends it.
struct Running(Arc<Shared>);

impl Running {
    fn begin(queue: &AfterResponse) -> Self {
        queue.0.running.send_modify(|running| *running += 1);
        Self(Arc::clone(&queue.0))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running -= 1);
    }
}

/// One job's work.
struct Work {
    queue: AfterResponse,
    ended: bool,
}

impl Work {
    fn has_ended(&mut self) {
        self.ended = true;
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if !self.ended {
            self.queue.queue(|queue| queue.dropped += 1);
        }
    }
}

impl fmt::Debug for AfterResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AfterResponse(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    fn noting(noted: &Arc<Mutex<Vec<&'static str>>>, what: &'static str) -> impl Future<Output = ()> + use<> {
        let noted = Arc::clone(noted);
        async move { noted.lock().expect("never poisoned").push(what) }
    }

    #[tokio::test]
    async fn what_is_queued_runs_once_the_most_important_first() {
        let (queue, noted) = (AfterResponse::default(), Arc::default());
        queue.push(Importance::Refresh, noting(&noted, "refresh"));
        queue.push(Importance::Errors, noting(&noted, "error"));
        queue.push(Importance::Counters, noting(&noted, "counters"));
        for _ in 0..2 {
            queue.start(LONG);
            queue.idle().await;
            assert_eq!(*noted.lock().expect("never poisoned"), ["error", "counters", "refresh"]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_dropped_counted_and_holds_up_nothing_else() {
        let (queue, noted) = (AfterResponse::default(), Arc::default());
        queue.push(Importance::Errors, std::future::pending());
        queue.push(Importance::Refresh, noting(&noted, "refresh"));
        queue.start(Duration::from_secs(1));
        queue.push(Importance::Counters, noting(&noted, "later"));
        queue.start(Duration::from_secs(1));
        queue.idle().await;
        assert_eq!(*noted.lock().expect("never poisoned"), ["refresh", "later"]);
        assert_eq!([queue.take_dropped(), queue.take_dropped()], [1, 0]);
    }

    #[tokio::test]
    async fn what_a_job_leaves_to_do_is_done_as_well() {
        let (queue, noted) = (AfterResponse::default(), Arc::default());
        let (inner, later) = (queue.clone(), noting(&noted, "later"));
        queue.push(Importance::Refresh, async move { inner.push(Importance::Errors, later) });
        queue.start(LONG);
        queue.idle().await;
        assert_eq!(*noted.lock().expect("never poisoned"), ["later"]);
    }

    #[tokio::test]
    async fn what_there_is_no_time_for_waits() {
        let (queue, noted) = (AfterResponse::default(), Arc::default());
        queue.push(Importance::Errors, noting(&noted, "error"));
        queue.start(Duration::ZERO);
        queue.idle().await;
        assert!(noted.lock().expect("never poisoned").is_empty());
        queue.start(LONG);
        queue.idle().await;
        assert_eq!((noted.lock().expect("never poisoned").len(), queue.take_dropped()), (1, 0));
    }

    #[tokio::test]
    async fn a_job_that_panics_takes_no_other_along() {
        let (queue, noted) = (AfterResponse::default(), Arc::default());
        queue.push(Importance::Errors, async { panic!("as a bug would") });
        queue.push(Importance::Refresh, noting(&noted, "refresh"));
        queue.start(LONG);
        queue.idle().await;
        assert_eq!(*noted.lock().expect("never poisoned"), ["refresh"]);
    }

    #[tokio::test]
    async fn without_room_the_least_important_gives_way() {
        let (queue, noted) = (AfterResponse::default(), Arc::default());
        for _ in 0..2 * ROOM {
            queue.push(Importance::Refresh, noting(&noted, "refresh"));
        }
        queue.push(Importance::Errors, noting(&noted, "error"));
        queue.start(LONG);
        queue.idle().await;
        let noted = noted.lock().expect("never poisoned");
        assert_eq!((noted.len(), noted[0], queue.take_dropped()), (ROOM, "error", ROOM as u64 + 1));
    }
}
