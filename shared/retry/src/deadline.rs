//! The time at which the work at hand has to be decided.
//!
//! Whoever serves a request sets it, and what waits further down asks for it,
//! without each layer between handing it on. A task of its own begins without
//! one, unless it takes its parent's along ([`carried`]).

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

tokio::task_local! {
    static DEADLINE: Option<Instant>;
}

/// Runs `work` under a deadline; none for none known.
pub async fn scope<F: Future>(deadline: Option<Instant>, work: F) -> F::Output {
    DEADLINE.scope(deadline, work).await
}

/// The deadline of the work at hand, if one is known.
pub fn current() -> Option<Instant> {
    DEADLINE.try_with(|deadline| *deadline).ok().flatten()
}

/// `work` under the deadline that holds where this is called, wherever it is run.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    scope(current(), work)
}

/// Waits for `work` until the deadline; none if it comes first.
pub async fn before<F: Future>(work: F) -> Option<F::Output> {
    match current() {
        Some(deadline) => timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
}

/// So long from now, or until the deadline if that comes first.
pub fn at_most(time: Duration) -> Instant {
    let end = Instant::now() + time;
    current().map_or(end, |deadline| deadline.min(end))
}

/// Whether less than this is left until the deadline: too little to begin anything.
pub fn is_nearer_than(time: Duration) -> bool {
    current().is_some_and(|end| Instant::now() + time > end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_waits_ends_with_the_work_that_it_is_part_of() {
        let deadline = Instant::now() + Duration::from_secs(2);
        let ended = scope(Some(deadline), async { before(std::future::pending::<()>()).await }).await;
        assert_eq!((ended, Instant::now()), (None, deadline));
        assert_eq!(scope(Some(deadline), async { at_most(Duration::from_mins(1)) }).await, deadline);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_deadline_work_takes_its_time() {
        assert_eq!(current(), None);
        assert_eq!(before(async { 1 }).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_of_its_own_can_take_the_deadline_along() {
        let deadline = Instant::now() + Duration::from_secs(2);
        let found = scope(Some(deadline), async {
            let bare = tokio::spawn(async { current() });
            let carried = tokio::spawn(carried(async { current() }));
            (bare.await.expect("runs"), carried.await.expect("runs"))
        });
        assert_eq!(found.await, (None, Some(deadline)));
    }
}
