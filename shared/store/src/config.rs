//! Which table, where, and how patient.

use std::time::Duration;

use cache::elasticache::Managed;

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
    /// `DYNAMODB_SLOTS`, default 20 where `STAGE` is `production`, else 10: calls
    /// in flight at once.
    pub slots: usize,
    /// `DYNAMODB_SLOT_WAIT_MS`, default 30,000: how long a call waits for a slot.
    pub slot_wait: Duration,
    /// `DYNAMODB_SLOW_MS`, default 500: a call that takes this long is worth a warning.
    pub slow: Duration,
    /// The cache.
    pub cache: CacheConfig,
}

/// Settings of the shared cache. Without any each process caches for itself alone.
#[derive(Clone, Debug, Default)]
pub struct CacheConfig {
    /// `CACHE_URL`: where it is, `redis://` or, with TLS, `rediss://`.
    pub url: Option<String>,
    /// `CACHE_CLUSTER`: whether the URL leads to a cluster, `true` or `false`
    /// (the default).
    pub cluster: bool,
    /// `CACHE_SERVERLESS_NAME` or `CACHE_REPLICATION_GROUP`: the cache in
    /// ElastiCache. It is asked where the cache is if no URL says so.
    pub elasticache: Option<Managed>,
    /// `CACHE_IAM_USER`: the user who signs in to that cache with an IAM token.
    pub iam_user: Option<String>,
    /// `AWS_ENDPOINT_URL_ELASTICACHE`: another endpoint than the region's own.
    pub endpoint: Option<String>,
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

impl Credentials {
    pub(crate) fn for_the_sdk(&self) -> aws_sdk_dynamodb::config::Credentials {
        aws_sdk_dynamodb::config::Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            self.session_token.clone(),
            None,
            "environment",
        )
    }
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
    /// It is no whole number from 1 to 1,000.
    #[error("the environment variable {0} must be a whole number from 1 to 1,000")]
    NotCount(&'static str),
    /// It is neither `true` nor `false`.
    #[error("the environment variable {0} must be true or false")]
    NotBoolean(&'static str),
    /// It makes sense only together with others, or without them.
    #[error("{0}")]
    Contradiction(&'static str),
    /// The cache's settings make no sense.
    #[error("the cache cannot be used: {0}")]
    Cache(#[from] cache::ConfigError),
    /// The cache or its user has no proper name.
    #[error("the cache cannot be signed in to: {0}")]
    Iam(#[from] cache::elasticache::iam::IamError),
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
            slots: slots(optional("DYNAMODB_SLOTS"), optional("STAGE").as_deref())?,
            slot_wait: milliseconds("DYNAMODB_SLOT_WAIT_MS", 30_000)?,
            slow: milliseconds("DYNAMODB_SLOW_MS", 500)?,
            cache: CacheConfig::read(&optional)?,
        })
    }
}

impl CacheConfig {
    fn read(optional: &impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let elasticache = match (optional("CACHE_SERVERLESS_NAME"), optional("CACHE_REPLICATION_GROUP")) {
            (Some(name), None) => Some(Managed::ServerlessCache(name)),
            (None, Some(id)) => Some(Managed::ReplicationGroup(id)),
            (None, None) => None,
            (Some(_), Some(_)) => return Err(ConfigError::Contradiction(TWO_CACHES)),
        };
        let iam_user = optional("CACHE_IAM_USER");
        if iam_user.is_some() && elasticache.is_none() {
            return Err(ConfigError::Contradiction(USER_OF_NOTHING));
        }
        let (url, cluster) = (optional("CACHE_URL"), optional("CACHE_CLUSTER"));
        let cluster = boolean("CACHE_CLUSTER", cluster)?;
        if cluster && url.is_none() && elasticache.is_some() {
            return Err(ConfigError::Contradiction(CLUSTER_OF_NO_URL));
        }
        Ok(Self { url, cluster, elasticache, iam_user, endpoint: optional("AWS_ENDPOINT_URL_ELASTICACHE") })
    }
}

const TWO_CACHES: &str =
    "CACHE_SERVERLESS_NAME and CACHE_REPLICATION_GROUP name two caches: set the one that is meant";
const USER_OF_NOTHING: &str =
    "CACHE_IAM_USER signs in to a cache by its name: set CACHE_SERVERLESS_NAME or CACHE_REPLICATION_GROUP";

const CLUSTER_OF_NO_URL: &str =
    "CACHE_CLUSTER is about CACHE_URL: ElastiCache says itself whether a cache is a cluster";

fn boolean(name: &'static str, text: Option<String>) -> Result<bool, ConfigError> {
    let text = text.unwrap_or_else(|| "false".to_owned());
    text.parse().map_err(|_| ConfigError::NotBoolean(name))
}

/// One execution environment serves one request at a time; production has some
/// for the reads of a page side by side, and development shows early what needs more.
fn slots(text: Option<String>, stage: Option<&str>) -> Result<usize, ConfigError> {
    let default = if stage == Some("production") { 20 } else { 10 };
    match text.map_or(Ok(default), |text| text.parse()) {
        Ok(number @ 1..=1_000) => Ok(number),
        Ok(_) | Err(_) => Err(ConfigError::NotCount("DYNAMODB_SLOTS")),
    }
}

fn milliseconds(name: &'static str, text: Option<String>, default: u64) -> Result<Duration, ConfigError> {
    match text.map_or(Ok(default), |text| text.parse()) {
        Ok(number @ 1..) => Ok(Duration::from_millis(number)),
        Ok(0) | Err(_) => Err(ConfigError::NotMilliseconds(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let needed = [
            ("TABLE_NAME", "shop"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let all: Vec<_> = needed.iter().chain(settings).collect();
        Config::read(&|name| {
            all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_cache_is_named_by_its_url_or_by_its_name_in_elasticache() {
        let config = read(&[("CACHE_URL", "rediss://cache:6379"), ("CACHE_CLUSTER", "true")]).expect("good");
        assert_eq!((config.cache.url.as_deref(), config.cache.cluster), (Some("rediss://cache:6379"), true));
        let config = read(&[("CACHE_REPLICATION_GROUP", "shop"), ("CACHE_IAM_USER", "app")]).expect("good");
        assert_eq!(config.cache.elasticache, Some(Managed::ReplicationGroup("shop".to_owned())));
    }

    #[test]
    fn production_has_20_slots_and_development_10() {
        assert_eq!(read(&[("STAGE", "production")]).expect("good").slots, 20);
        assert_eq!(read(&[("STAGE", "dev")]).expect("good").slots, 10);
        assert_eq!(read(&[("DYNAMODB_SLOTS", "3")]).expect("good").slots, 3);
        for bad in ["0", "-1", "many", "1001"] {
            assert!(read(&[("DYNAMODB_SLOTS", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn settings_of_the_cache_that_contradict_each_other_are_refused() {
        for settings in [
            &[("CACHE_CLUSTER", "yes")][..],
            &[("CACHE_IAM_USER", "app")],
            &[("CACHE_CLUSTER", "true"), ("CACHE_SERVERLESS_NAME", "a")],
            &[("CACHE_SERVERLESS_NAME", "a"), ("CACHE_REPLICATION_GROUP", "b")],
        ] {
            assert!(read(settings).is_err(), "{settings:?}");
        }
    }
}
