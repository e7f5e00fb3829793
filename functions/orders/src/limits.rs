//! How often a caller may come.

use api::{ConfigError, Keys, Limit, Limiter, Policy, Quota};

/// The function's rate limits.
pub(crate) struct Limits {
    /// `RATE_LIMIT_CHECKOUT`, default 30/60: orders that a user places or calls off.
    pub(crate) checkout: Limit,
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
        let checkout = Policy::read(variable, "RATE_LIMIT_CHECKOUT", Quota::new(30, 60))?;
        let reads = Policy::read(variable, "RATE_LIMIT_ACCOUNT_READS", Quota::new(300, 60))?;
        Ok(Self {
            checkout: limiter.shared(checkout).by_user(keys),
            reads: limiter.in_process(reads).by_user(keys),
        })
    }
}
