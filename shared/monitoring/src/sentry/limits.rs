//! For how long Sentry wants to hear nothing, and of what (Sentry: "Rate limiting").

use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};

/// By kind of event, with its end in seconds: `60:error;transaction:organization, …`.
const LIMITS: &str = "x-sentry-rate-limits";
/// How long a refusal holds that does not say it.
const UNSAID: Duration = Duration::from_mins(1);
/// No limit holds for longer, whatever a header says.
const LONGEST: Duration = Duration::from_hours(1);

/// What an envelope is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Transaction,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        match name {
            "error" => Some(Self::Error),
            "transaction" => Some(Self::Transaction),
            _ => None,
        }
    }
}

/// Until when nothing of a kind is to be sent.
#[derive(Debug, Default)]
pub(super) struct Limits {
    errors: Option<Instant>,
    transactions: Option<Instant>,
}

impl Limits {
    /// Whether something may be sent now.
    pub(super) fn allow(&self, kind: Kind, now: Instant) -> bool {
        let until = match kind {
            Kind::Error => self.errors,
            Kind::Transaction => self.transactions,
        };
        until.is_none_or(|until| until <= now)
    }

    /// What an answer says of the time to come.
    pub(super) fn note(&mut self, status: StatusCode, headers: &HeaderMap, now: Instant) {
        let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
        if let Some(limits) = text(LIMITS) {
            limits.split(',').for_each(|limit| self.note_limit(limit.trim(), now));
        } else if status == StatusCode::TOO_MANY_REQUESTS {
            let wait = text("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            let until = end(wait.unwrap_or(UNSAID), now);
            self.hold(Kind::Error, until);
            self.hold(Kind::Transaction, until);
        }
    }

    fn note_limit(&mut self, limit: &str, now: Instant) {
        let mut parts = limit.split(':');
        let seconds = parts.next().and_then(|seconds| seconds.trim().parse().ok());
        let until = end(seconds.map_or(UNSAID, Duration::from_secs), now);
        let kinds = parts.next().unwrap_or_default();
        if kinds.is_empty() {
            self.hold(Kind::Error, until);
            self.hold(Kind::Transaction, until);
        }
        kinds.split(';').filter_map(Kind::named).for_each(|kind| self.hold(kind, until));
    }

    fn hold(&mut self, kind: Kind, until: Instant) {
        let held = match kind {
            Kind::Error => &mut self.errors,
            Kind::Transaction => &mut self.transactions,
        };
        *held = (*held).max(Some(until));
    }
}

fn end(wait: Duration, now: Instant) -> Instant {
    now + wait.min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(status: u16, headers: &[(&'static str, &str)]) -> (Limits, Instant) {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), value.parse().expect("a header's value"))
        });
        limits.note(StatusCode::from_u16(status).expect("a status"), &headers.collect(), now);
        (limits, now)
    }

    fn waits(limits: &Limits, kind: Kind, now: Instant, seconds: u64) -> bool {
        let until = |end: Duration| limits.allow(kind, now + end);
        let end = Duration::from_secs(seconds);
        !until(end.saturating_sub(Duration::from_millis(1))) && until(end)
    }

    #[test]
    fn an_answer_without_limits_sets_none() {
        for status in [200, 400, 500] {
            let (limits, now) = after(status, &[]);
            assert!(limits.allow(Kind::Error, now) && limits.allow(Kind::Transaction, now));
        }
    }

    #[test]
    fn a_refusal_holds_for_all_and_for_a_minute_if_it_does_not_say() {
        for (headers, seconds) in [
            (&[("retry-after", "7")][..], 7),
            (&[], 60),
            (&[("retry-after", "Fri, 07 Nov 2014 23:59:59 GMT")], 60),
            (&[("retry-after", "99999999")], 3600),
        ] {
            let (limits, now) = after(429, headers);
            assert!(
                waits(&limits, Kind::Error, now, seconds) && waits(&limits, Kind::Transaction, now, seconds)
            );
        }
    }

    #[test]
    fn limits_hold_for_the_kinds_that_they_name() {
        let (limits, now) = after(200, &[(LIMITS, "5:transaction;session:organization, 9:error:key:quota")]);
        assert!(waits(&limits, Kind::Transaction, now, 5) && waits(&limits, Kind::Error, now, 9));
        let (limits, now) = after(429, &[(LIMITS, "5:transaction:project"), ("retry-after", "60")]);
        assert!(waits(&limits, Kind::Transaction, now, 5) && limits.allow(Kind::Error, now));
        let (limits, now) = after(429, &[(LIMITS, "5::organization")]);
        assert!(waits(&limits, Kind::Error, now, 5));
        let (limits, now) = after(429, &[(LIMITS, "5:attachment;new_kind:organization")]);
        assert!(limits.allow(Kind::Error, now));
    }
}
