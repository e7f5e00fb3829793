//! Retry policy: full-jitter backoff, deadline.
