//! How often to try, and how long to wait between.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::deadline;

/// How often and how patiently to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Tries in all, the first one included. At least one.
    pub attempts: u32,
    /// The bound of the first wait; it doubles from wait to wait.
    pub base: Duration,
    /// The bound that no wait exceeds.
    pub cap: Duration,
    /// The time for all of it, cut off by the deadline that holds when it begins:
    /// no wait begins that would end later.
    pub total: Duration,
}

/// What one try came to.
#[derive(Debug)]
pub enum Outcome<T, E> {
    /// It is decided, for good or bad.
    Done(Result<T, E>),
    /// It may work the next time; this is the error if there is none.
    Again(E),
}

impl Policy {
    /// Tries until it is decided or the tries or the time run out; then the
    /// last error stands.
    ///
    /// # Errors
    /// The error of the deciding try, or of the last one.
    pub async fn run<T, E, F, Fut>(&self, mut attempt: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Outcome<T, E>>,
    {
        let mut backoff = self.backoff();
        loop {
            let error = match attempt().await {
                Outcome::Done(result) => return result,
                Outcome::Again(error) => error,
            };
            if !backoff.wait().await {
                return Err(error);
            }
        }
    }

    /// The waits of one operation, for a caller that tries by itself.
    pub fn backoff(&self) -> Backoff {
        Backoff { policy: *self, tried: 0, end: deadline::at_most(self.total), random: fastrand::Rng::new() }
    }

    /// The wait after so many failed tries.
    fn wait(&self, tried: u32, random: &mut fastrand::Rng) -> Duration {
        let doubled = self.base.saturating_mul(2_u32.saturating_pow(tried.saturating_sub(1)));
        let bound = u64::try_from(doubled.min(self.cap).as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(random.u64(0..=bound))
    }
}

/// What is left of an operation's tries and time.
#[derive(Debug)]
pub struct Backoff {
    policy: Policy,
    tried: u32,
    end: Instant,
    random: fastrand::Rng,
}

impl Backoff {
    /// Waits before the next try; or says at once, with `false`, that there is
    /// none left.
    pub async fn wait(&mut self) -> bool {
        match self.next_wait() {
            Some(wait) => sleep(wait).await,
            None => return false,
        }
        true
    }

    /// How long to wait before the next try, for a caller that has other reasons
    /// not to try again; none when there is none left.
    pub fn next_wait(&mut self) -> Option<Duration> {
        self.tried += 1;
        let wait = self.policy.wait(self.tried, &mut self.random);
        let in_time = self.tried < self.policy.attempts && Instant::now() + wait <= self.end;
        in_time.then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        attempts: 4,
        base: Duration::from_millis(10),
        cap: Duration::from_millis(30),
        total: Duration::from_secs(1),
    };

    async fn count(policy: Policy, outcome: impl Fn(u32) -> Outcome<u32, u32>) -> (Result<u32, u32>, u32) {
        let mut tries = 0;
        let result = policy
            .run(|| {
                tries += 1;
                std::future::ready(outcome(tries))
            })
            .await;
        (result, tries)
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_the_first_decision() {
        let decided = count(POLICY, |n| if n < 3 { Outcome::Again(n) } else { Outcome::Done(Ok(n)) }).await;
        assert_eq!(decided, (Ok(3), 3));
        assert_eq!(count(POLICY, |n| Outcome::Done(Err(n))).await, (Err(1), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_error_stands_when_the_tries_run_out() {
        assert_eq!(count(POLICY, Outcome::Again).await, (Err(4), 4));
    }

    #[tokio::test(start_paused = true)]
    async fn no_wait_goes_past_the_total() {
        let endless = Policy { attempts: u32::MAX, ..POLICY };
        let start = Instant::now();
        let (result, _) = count(endless, Outcome::Again).await;
        assert!(result.is_err());
        assert!(start.elapsed() <= POLICY.total);
    }

    #[tokio::test(start_paused = true)]
    async fn no_wait_goes_past_the_deadline() {
        let endless = Policy { attempts: u32::MAX, ..POLICY };
        let start = Instant::now();
        let end = start + POLICY.total / 10;
        let (result, _) = deadline::scope(Some(end), count(endless, Outcome::Again)).await;
        assert!(result.is_err());
        assert!(Instant::now() <= end);
    }

    #[test]
    fn waits_are_random_below_a_doubling_bound() {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        for (tried, bound) in [(1, 10), (2, 20), (3, 30), (40, 30)] {
            let longest = (0..1_000).map(|_| POLICY.wait(tried, &mut random)).max().expect("waits");
            assert!(longest <= Duration::from_millis(bound), "seed {seed}");
            assert!(longest > Duration::from_millis(bound) / 2, "seed {seed}");
        }
    }
}
