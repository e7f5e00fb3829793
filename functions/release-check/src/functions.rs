//! Lambda: one version of a function invoked, past its alias.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_lambda::config::Region;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::{Client, Config as ClientConfig};
use serde_json::Value;

use crate::config::Config;
use crate::target::Target;

const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// What a function said.
#[derive(Debug)]
pub(crate) enum Answer {
    Said(Value),
    /// The invocation failed, which is said so.
    Failed(Value),
}

#[derive(Clone, Debug)]
pub(crate) struct Functions {
    client: Client,
}

impl Functions {
    /// No I/O happens before the first call.
    pub(crate) fn new(config: &Config) -> Self {
        let endpoint = config.lambda.clone();
        let mut builder = ClientConfig::builder()
            .region(Region::new(config.region.clone()))
            .credentials_provider(config.credentials.clone())
            .http_client(store::http_client(endpoint.as_deref(), &config.region, 1))
            .retry_config(RetryConfig::standard())
            // How long a function may take, who invokes it says.
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECTED_WITHIN).build());
        builder.set_endpoint_url(endpoint);
        Self { client: Client::from_conf(builder.build()) }
    }

    /// The answer of exactly this version.
    pub(crate) async fn invoke(&self, target: &Target, payload: &Value) -> Result<Answer> {
        let invoke = self.client.invoke().function_name(&target.function).qualifier(&target.version);
        let invoked = Box::pin(invoke.payload(Blob::new(payload.to_string())).send()).await;
        let invoked = invoked.map_err(|error| {
            let code = error.code().unwrap_or("no answer").to_owned();
            anyhow::anyhow!("it cannot be invoked: {code}")
        })?;
        let payload = invoked.payload.map(Blob::into_inner).unwrap_or_default();
        let said = serde_json::from_slice(&payload).context("its answer is not JSON")?;
        Ok(if invoked.function_error.is_some() { Answer::Failed(said) } else { Answer::Said(said) })
    }
}
