//! How often what was counted leaves the process.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// After so many answers, or so long.
const ANSWERS: u32 = 100;
pub(crate) const PERIOD: Duration = Duration::from_secs(10);

/// By the wall clock, which goes on while a process is frozen; one that jumps, in
/// either direction, makes it due.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<Since>);

#[derive(Debug, Default)]
struct Since {
    answers: u32,
    at: Duration,
}

impl Pace {
    /// Whether it is due after one more answer: the first one is, for many a process
    /// gives no second.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.answers += 1;
        if since.answers < ANSWERS && now.abs_diff(since.at) < PERIOD {
            return false;
        }
        *since = Since { answers: 0, at: now };
        true
    }
}

/// Since 1970.
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_at_first_after_a_hundred_answers_or_ten_seconds_and_when_the_clock_jumps() {
        let (pace, start) = (Pace::default(), Duration::from_hours(1));
        assert!(pace.is_due(start));
        let due = (1..=250).filter(|_| pace.is_due(start)).count();
        assert_eq!(due, 2);
        assert!(!pace.is_due(start + PERIOD / 2));
        assert!(pace.is_due(start + PERIOD));
        assert!(pace.is_due(Duration::ZERO));
    }
}
