//! When a call is sent again, how long to wait before, and when to give up.
//! Unlike the policies of `retry` it waits as long as an answer asks it to.

use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode, header};
use reqwest::Result;

use super::Answer;

/// Calls at most this often, however short the waits are.
const ATTEMPTS: u32 = 8;
/// A function that crashed is back within seconds; a stack that is down is not
/// back within a minute either.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How often one call was sent, and since when.
pub(crate) struct Patience {
    attempts: u32,
    started: Instant,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self { attempts: 0, started: Instant::now() }
    }

    /// How long to wait before the call is sent again; `None` when its answer
    /// stands, because waiting would not change it or has lasted long enough.
    pub(crate) fn before_repeating(&mut self, answer: &Result<Answer>) -> Option<Duration> {
        self.attempts += 1;
        let wait = match answer {
            Ok(answer) if is_passing(answer.status) => {
                retry_after(&answer.headers).unwrap_or_else(|| self.jitter())
            }
            Ok(_) => return None,
            Err(_) => self.jitter(),
        };
        let in_time = self.started.elapsed().saturating_add(wait) <= GIVE_UP_AFTER;
        (self.attempts < ATTEMPTS && in_time).then_some(wait)
    }

    /// Full jitter: many calls that failed together do not come back together.
    fn jitter(&self) -> Duration {
        let ceiling = SHORTEST_WAIT.saturating_mul(1 << self.attempts).min(LONGEST_WAIT);
        let millis = u64::try_from(ceiling.as_millis()).expect("two seconds are few milliseconds");
        Duration::from_millis(fastrand::u64(1..=millis))
    }
}

/// Busy, or a part of the way down for a moment.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The seconds that the answer asks for; the API never names a date there.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "patience judges results")]
    fn answer(status: u16, retry_after: Option<&str>) -> Result<Answer> {
        let value = |seconds: &str| (header::RETRY_AFTER, seconds.parse().expect("a header value"));
        let headers = retry_after.map(value).into_iter().collect();
        let status = StatusCode::from_u16(status).expect("a status");
        Ok(Answer { status, headers, body: Bytes::new() })
    }

    #[test]
    fn an_answer_that_waiting_cannot_change_stands() {
        for status in [200, 201, 400, 401, 404, 409, 412, 422, 500] {
            assert_eq!(Patience::new().before_repeating(&answer(status, None)), None, "{status}");
        }
    }

    #[test]
    fn a_busy_shop_is_asked_again_when_it_says() {
        let wait = Patience::new().before_repeating(&answer(503, Some("3")));
        assert_eq!(wait, Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_wait_beyond_all_patience_is_not_begun() {
        assert_eq!(Patience::new().before_repeating(&answer(429, Some("3600"))), None);
        assert_eq!(Patience::new().before_repeating(&answer(429, Some(&u64::MAX.to_string()))), None);
    }

    #[test]
    fn attempts_and_waits_are_bounded() {
        let mut patience = Patience::new();
        let waits: Vec<_> =
            std::iter::from_fn(|| patience.before_repeating(&answer(502, None))).take(100).collect();
        assert_eq!(waits.len(), ATTEMPTS as usize - 1);
        assert!(waits.iter().all(|wait| *wait <= LONGEST_WAIT), "{waits:?}");
    }
}
