//! AWS Secrets Manager: the value of one secret, as it is now.

use std::time::Duration;

use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{Credentials, Region};
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::{Client, Config};
use tokio::time::timeout;

/// For the value, with retries: a request waits for it.
const TIME_LIMIT: Duration = Duration::from_secs(2);
/// For one try: a connection that died while the process was frozen leaves time
/// for another.
const ATTEMPT: Duration = Duration::from_secs(1);
/// The longest pause between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// One secret, by its name or ARN.
#[derive(Debug)]
pub(super) struct Manager {
    client: Client,
    id: String,
}

/// Why there is no value. Nothing of it is repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("Secrets Manager did not answer in time")]
    NoAnswer,
    #[error("Secrets Manager cannot be reached: {0}")]
    Unreachable(String),
    #[error("Secrets Manager refused: {0}")]
    Refused(String),
    #[error("the secret has no text")]
    NoText,
}

impl Manager {
    /// Signs as the store does. No I/O happens before the first call.
    pub(super) fn new(config: &store::Config, id: String, endpoint: Option<String>) -> Self {
        let store::Credentials { access_key_id, secret_access_key, session_token } =
            config.credentials.clone();
        let credentials =
            Credentials::new(access_key_id, secret_access_key, session_token, None, "environment");
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT);
        let mut builder = Config::builder()
            .region(Region::new(config.region.clone()))
            .credentials_provider(credentials)
            .http_client(store::http_client(endpoint.as_deref(), &config.region, 1))
            .retry_config(RetryConfig::standard().with_max_attempts(2).with_max_backoff(PAUSE))
            .timeout_config(timeouts.build());
        builder.set_endpoint_url(endpoint);
        Self { client: Client::from_conf(builder.build()), id }
    }

    /// The value, within two seconds.
    pub(super) async fn fetch(&self) -> Result<String, FetchError> {
        let call = Box::pin(self.client.get_secret_value().secret_id(&self.id).send());
        let answer = timeout(TIME_LIMIT, call).await;
        let value = answer.map_err(|_elapsed| FetchError::NoAnswer)?.map_err(failed)?;
        value.secret_string.ok_or(FetchError::NoText)
    }
}

fn failed(error: SdkError<GetSecretValueError>) -> FetchError {
    match error {
        SdkError::TimeoutError(_) => FetchError::NoAnswer,
        SdkError::ServiceError(refusal) => {
            FetchError::Refused(refusal.err().code().unwrap_or("without a code").to_owned())
        }
        other => FetchError::Unreachable(chain(&other)),
    }
}

/// What each cause says of itself: their `Debug` may hold a whole answer.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
