//! The functions' rate limits on this machine: so much that nothing is refused by
//! accident, unless someone wants to see it refused.

use std::collections::BTreeMap;

use crate::template::Function;

/// What the variables begin with.
const PREFIX: &str = "RATE_LIMIT_";
/// Requests in seconds.
const PLENTY: &str = "100000/60";

/// What the variables say.
#[derive(Clone, Debug, Default)]
pub struct RateLimits(BTreeMap<String, String>);

impl RateLimits {
    /// What the environment of this process says, and plenty for the rest.
    pub fn inherited() -> Self {
        Self(std::env::vars().filter(|(name, text)| name.starts_with(PREFIX) && !text.is_empty()).collect())
    }

    /// Each of the function's own, and what it says.
    pub fn of<'a>(&self, function: &'a Function) -> impl Iterator<Item = (&'a str, String)> {
        let own = function.variables().filter(|name| name.starts_with(PREFIX));
        own.map(|name| (name, self.0.get(name).cloned().unwrap_or_else(|| PLENTY.to_owned())))
    }
}
