//! Which table, where, and how patient.

use std::time::Duration;

/// Settings of the access to DynamoDB.
#[derive(Clone, Debug)]
pub struct Config {
    /// `TABLE_NAME`: the table.
    pub table_name: String,
    /// `AWS_REGION`: where it is.
    pub region: String,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: another endpoint than the region's own.
    pub endpoint: Option<String>,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, as
    /// Lambda sets them for the life of an execution environment.
    pub credentials: Credentials,
    /// `DYNAMODB_CONNECT_TIMEOUT_MS`, default 1,000: for a new connection.
    pub connect_timeout: Duration,
    /// `DYNAMODB_ATTEMPT_TIMEOUT_MS`, default 2,000: for one try of a call.
    pub attempt_timeout: Duration,
    /// `DYNAMODB_OPERATION_TIMEOUT_MS`, default 5,000: for a call with its retries.
    pub operation_timeout: Duration,
    /// `CACHE_URL`: the cache, `redis://`; without it each
    /// process caches for itself alone.
    pub cache_url: Option<String>,
}

/// What signs the calls. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Credentials {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
    /// The token of a temporary pair.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// A setting that is missing or makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It has no default.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// It is no whole number of milliseconds.
    #[error("the environment variable {0} must be a whole number of milliseconds above 0")]
    NotMilliseconds(&'static str),
    /// The cache's settings make no sense.
    #[error("the cache cannot be used: {0}")]
    Cache(#[from] cache::ConfigError),
}

impl Config {
    /// Reads the settings from the variables of an environment.
    ///
    /// # Errors
    /// The first setting that is missing or makes no sense.
    pub fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name| variable(name).filter(|text| !text.is_empty());
        let required = |name| optional(name).ok_or(ConfigError::Missing(name));
        let milliseconds = |name, default| milliseconds(name, optional(name), default);
        Ok(Self {
            table_name: required("TABLE_NAME")?,
            region: required("AWS_REGION")?,
            endpoint: optional("AWS_ENDPOINT_URL_DYNAMODB"),
            credentials: Credentials {
                access_key_id: required("AWS_ACCESS_KEY_ID")?,
                secret_access_key: required("AWS_SECRET_ACCESS_KEY")?,
                session_token: optional("AWS_SESSION_TOKEN"),
            },
            connect_timeout: milliseconds("DYNAMODB_CONNECT_TIMEOUT_MS", 1_000)?,
            attempt_timeout: milliseconds("DYNAMODB_ATTEMPT_TIMEOUT_MS", 2_000)?,
            operation_timeout: milliseconds("DYNAMODB_OPERATION_TIMEOUT_MS", 5_000)?,
            cache_url: optional("CACHE_URL"),
        })
    }
}

fn milliseconds(name: &'static str, text: Option<String>, default: u64) -> Result<Duration, ConfigError> {
    match text.map_or(Ok(default), |text| text.parse()) {
        Ok(number @ 1..) => Ok(Duration::from_millis(number)),
        Ok(0) | Err(_) => Err(ConfigError::NotMilliseconds(name)),
    }
}
