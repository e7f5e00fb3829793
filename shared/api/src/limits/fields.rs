//! What callers are told: the fields of draft-ietf-httpapi-ratelimit-headers-11,
//! and `Retry-After` (RFC 9110 §10.2.3).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::gcra::{Decision, Pace};
use super::policy::Named;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// `RateLimit-Policy`: which limit there is.
pub(crate) fn policy(Named { name, quota }: &Named) -> HeaderValue {
    value(&format!("\"{name}\";q={};w={}", quota.requests, quota.seconds))
}

/// Adds `RateLimit-Policy`, and `RateLimit`: how many requests are left, and for
/// how many seconds it is no more than these.
pub(crate) fn add(headers: &mut HeaderMap, policy: &HeaderValue, name: &str, pace: Pace, decision: Decision) {
    let remaining = pace.remaining(decision.debt_us);
    let until_more = whole_seconds(pace.wait(decision.debt_us, remaining + 1));
    headers.insert(POLICY, policy.clone());
    headers.insert(LIMIT, value(&format!("\"{name}\";r={remaining};t={until_more}")));
}

/// `Retry-After`: when one more will be let in, so 1 at least. It is what `RateLimit`
/// says too, for the draft wants it to be no earlier (§6).
pub(crate) fn retry_after(pace: Pace, decision: Decision) -> HeaderValue {
    whole_seconds(pace.wait(decision.debt_us, 1)).into()
}

/// Rounded up: who comes then is not too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("policies have names of letters and hyphens")
}
