//! How many requests a caller may send, and in how long.

use crate::ConfigError;

/// What the variables of policies begin with.
const PREFIX: &str = "RATE_LIMIT_";
/// More is no limit.
const MOST_REQUESTS: u32 = 1_000_000;
/// A day, in seconds.
const LONGEST: u32 = 86_400;

/// So many requests in so many seconds: all of them at once if the caller likes,
/// and from then on at that pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub(crate) requests: u32,
    pub(crate) seconds: u32,
}

impl Quota {
    /// From 1 to 1,000,000 requests in 1 to 86,400 seconds.
    ///
    /// # Panics
    /// If it is out of these bounds (at compile time, in a constant).
    pub const fn new(requests: u32, seconds: u32) -> Self {
        let quota = Self { requests, seconds };
        assert!(quota.is_sound(), "a quota is 1 to 1,000,000 requests in 1 to 86,400 seconds");
        quota
    }

    const fn is_sound(self) -> bool {
        0 < self.requests && self.requests <= MOST_REQUESTS && 0 < self.seconds && self.seconds <= LONGEST
    }

    /// As configuration writes it, such as `30/60`.
    fn parse(text: &str) -> Option<Self> {
        let (requests, seconds) = text.split_once('/')?;
        let quota = Self { requests: number(requests)?, seconds: number(seconds)? };
        quota.is_sound().then_some(quota)
    }
}

/// Digits alone: `parse` would let a sign pass.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A quota by its name; none where there is to be no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy(pub(crate) Option<Named>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Lower case and hyphens, as callers see it.
    pub(crate) name: String,
    pub(crate) quota: Quota,
}

impl Policy {
    /// What a variable such as `RATE_LIMIT_CHECKOUT` says: `30/60` for 30 requests
    /// in 60 seconds, `off` for no limit, and the default if it is not set. Callers
    /// know the policy by the rest of the variable's name: `checkout`.
    ///
    /// # Errors
    /// When it says anything else.
    pub fn read(
        variable: &impl Fn(&str) -> Option<String>,
        name: &'static str,
        default: Quota,
    ) -> Result<Self, ConfigError> {
        let quota = match variable(name).filter(|text| !text.is_empty()) {
            None => default,
            Some(text) if text == "off" => return Ok(Self(None)),
            Some(text) => Quota::parse(&text).ok_or(ConfigError::RateLimit(name))?,
        };
        let name = name.strip_prefix(PREFIX).unwrap_or(name).to_ascii_lowercase().replace('_', "-");
        Ok(Self(Some(Named { name, quota })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Named>, String> {
        let variable = |name: &str| (name == "RATE_LIMIT_CART_WRITES").then(|| text.to_owned());
        let policy = Policy::read(&variable, "RATE_LIMIT_CART_WRITES", Quota::new(120, 60));
        policy.map(|policy| policy.0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_policy_is_what_its_variable_says_or_the_default() {
        let named = |quota| Ok(Some(Named { name: "cart-writes".to_owned(), quota }));
        assert_eq!(read("30/3600"), named(Quota::new(30, 3_600)));
        assert_eq!(read(""), named(Quota::new(120, 60)));
        assert_eq!(read("off"), Ok(None));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "30",
            "30/",
            "/60",
            "0/60",
            "30/0",
            "-1/60",
            "+1/60",
            "1.5/60",
            "30/60/90",
            " 30/60",
            "30/60s",
            "many",
            "on",
            "1000001/60",
            "30/86401",
            "4294967296/60",
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains("RATE_LIMIT_CART_WRITES must be"), "{error}");
        }
    }
}
