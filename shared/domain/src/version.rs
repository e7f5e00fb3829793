//! The version of an item: 1 when created, one more at each write.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Counts the writes of one item. It guards concurrent edits: a write names
/// the version it has seen, and fails when that is no longer the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = u64, example = 1)]
pub struct Version(u64);

impl Version {
    /// The version of what was never written.
    pub const NONE: Self = Self(0);

    /// The version of an item that was just created.
    pub const FIRST: Self = Self(1);

    /// A version as a caller or the table names it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The version after one more write.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The bare number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
