//! The whole system through the Lambda Runtime API of `cargo lambda watch`:
//! the built functions, a real cache, the embedded DynamoDB, and their faults.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod healing;
mod metrics;
mod payments;
mod support;
mod system;
