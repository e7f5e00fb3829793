//! The faults of DynamoDB as a client of the SDK meets them: each before the
//! real embedded server, so that what has happened can be looked up.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conflicts;
mod injected;
mod late_index;
mod support;
mod transparent;
