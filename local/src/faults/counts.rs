//! What the proxy has seen and done, for a report or an assertion.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;

/// Counted since the proxy started.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Calls by operation.
    pub calls: BTreeMap<String, u64>,
    /// Faults injected, by [`Fault::name`](super::Fault::name).
    pub injected: BTreeMap<&'static str, u64>,
    /// Calls refused because a transaction under way had one of their items, or
    /// their token.
    pub conflicts: u64,
    /// The most calls that were waited for at once.
    pub most_in_flight: usize,
}

impl Counts {
    /// Calls of one operation.
    pub fn calls_of(&self, operation: &str) -> u64 {
        self.calls.get(operation).copied().unwrap_or_default()
    }

    /// Faults injected, all together.
    pub fn faults(&self) -> u64 {
        self.injected.values().sum()
    }

    pub(super) fn count_call(&mut self, operation: &str) {
        match self.calls.get_mut(operation) {
            Some(calls) => *calls += 1,
            None => drop(self.calls.insert(operation.to_owned(), 1)),
        }
    }
}

/// A call as its caller saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exchange {
    /// Such as `PutItem`.
    pub operation: String,
    /// Body of the request.
    pub request: Bytes,
    /// Status and body of the answer, if there was one.
    pub response: Option<(StatusCode, Bytes)>,
}
