//! The table's stream, from a real embedded DynamoDB to a stand-in for the
//! emulator that counts and keeps every invocation.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod batches;
#[path = "../support/emulator.rs"]
mod emulator;
mod ends;
mod failures;
mod restarts;
mod support;
