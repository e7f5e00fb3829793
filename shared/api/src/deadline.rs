//! Until when an invocation has to be answered.

use std::time::{Duration, SystemTime};

use lambda_http::Context;
use tokio::time::Instant;

/// What is left of an invocation's time when its work must be decided: enough
/// to say that it was not.
const MARGIN: Duration = Duration::from_millis(250);

/// When the work of an invocation has to be decided, so that it can still be
/// answered. None for a deadline in the past, which is none: the local emulator
/// gives one of 1970.
pub(crate) fn deadline(context: &Context) -> Option<Instant> {
    let left = context.deadline().duration_since(SystemTime::now()).ok()?;
    Some(Instant::now() + left.saturating_sub(MARGIN))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn context(deadline: SystemTime) -> Context {
        let ms = deadline.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
        let mut headers = HeaderMap::new();
        headers.insert("lambda-runtime-aws-request-id", "1".parse().expect("a value"));
        headers.insert("lambda-runtime-deadline-ms", ms.to_string().parse().expect("a value"));
        Context::new("1", std::sync::Arc::default(), &headers).expect("a context")
    }

    #[test]
    fn work_ends_before_the_invocation_does() {
        let end = Duration::from_secs(10);
        let deadline = deadline(&context(SystemTime::now() + end)).expect("a time to come");
        assert!(deadline <= Instant::now() + end - MARGIN);
    }

    #[test]
    fn a_deadline_in_the_past_is_none() {
        assert_eq!(deadline(&context(SystemTime::UNIX_EPOCH)), None);
    }
}
