//! How often a caller may come.

use api::{ConfigError, Keys, Limit, Limiter, Policy, Quota};

/// The function's rate limits.
pub(crate) struct Limits {
    /// `RATE_LIMIT_CATALOGUE_READS`, default 600/60: looks at the catalogue from one
    /// address, of each process. What L1 can answer needs no network, and no token
    /// is verified for it.
    pub(crate) reads: Limit,
    /// `RATE_LIMIT_SEARCH`, default 300/60: searches of a user, or from one address.
    pub(crate) search: Limit,
    /// `RATE_LIMIT_CATALOGUE_WRITES`, default 600/60: changes that an editor makes.
    pub(crate) writes: Limit,
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
        let reads = Policy::read(variable, "RATE_LIMIT_CATALOGUE_READS", Quota::new(600, 60))?;
        let search = Policy::read(variable, "RATE_LIMIT_SEARCH", Quota::new(300, 60))?;
        let writes = Policy::read(variable, "RATE_LIMIT_CATALOGUE_WRITES", Quota::new(600, 60))?;
        Ok(Self {
            reads: limiter.in_process(reads),
            search: limiter.shared(search).by_user(keys),
            writes: limiter.shared(writes).by_user(keys),
        })
    }
}
