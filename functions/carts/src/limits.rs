//! How often a caller may come.

use api::{ConfigError, Keys, Limit, Limiter, Policy, Quota};

/// The function's rate limits.
pub(crate) struct Limits {
    /// `RATE_LIMIT_CART_WRITES`, default 120/60: changes that a user makes to her cart.
    pub(crate) writes: Limit,
    /// `RATE_LIMIT_ACCOUNT_READS`, default 300/60: looks of a user at what is hers,
    /// of each process.
    pub(crate) reads: Limit,
}

impl Limits {
    /// Reads the settings from the variables of an environment.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub(crate) fn read(
        variable: &impl Fn(&str) -> Option<String>,
        limiter: &Limiter,
        keys: &Keys,
    ) -> Result<Self, ConfigError> {
        let writes = Policy::read(variable, "RATE_LIMIT_CART_WRITES", Quota::new(120, 60))?;
        let reads = Policy::read(variable, "RATE_LIMIT_ACCOUNT_READS", Quota::new(300, 60))?;
        Ok(Self {
            writes: limiter.shared(writes).by_user(keys),
            reads: limiter.in_process(reads).by_user(keys),
        })
    }
}
