//! `CodeDeploy`: what a deployment is about, and what it hears of it.

use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_codedeploy::config::Region;
use aws_sdk_codedeploy::config::retry::RetryConfig;
use aws_sdk_codedeploy::config::timeout::TimeoutConfig;
use aws_sdk_codedeploy::error::ProvideErrorMetadata;
use aws_sdk_codedeploy::types::{LifecycleEventStatus, RevisionLocation};
use aws_sdk_codedeploy::{Client, Config as ClientConfig};
use serde::Serialize;

use crate::Hook;
use crate::config::Config;
use crate::target::Target;

/// For one call with its retries.
const WITHIN: Duration = Duration::from_secs(6);
/// For one try of it.
const ATTEMPT: Duration = Duration::from_secs(2);

/// What `CodeDeploy` may be told of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Verdict {
    Succeeded,
    Failed,
}

#[derive(Clone, Debug)]
pub(crate) struct Deployments {
    client: Client,
}

impl Deployments {
    /// No I/O happens before the first call.
    pub(crate) fn new(config: &Config) -> Self {
        let endpoint = config.codedeploy.clone();
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(WITHIN);
        let mut builder = ClientConfig::builder()
            .region(Region::new(config.region.clone()))
            .credentials_provider(config.credentials.clone())
            .http_client(store::http_client(endpoint.as_deref(), &config.region, 1))
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts.build());
        builder.set_endpoint_url(endpoint);
        Self { client: Client::from_conf(builder.build()) }
    }

    /// The version that is to be tried.
    pub(crate) async fn target(&self, hook: &Hook) -> Result<Target> {
        let asked = Box::pin(self.client.get_deployment().deployment_id(&hook.deployment_id).send()).await;
        let asked =
            asked.map_err(|error| failed(&error)).context("CodeDeploy does not tell the deployment")?;
        let revision = asked.deployment_info.and_then(|deployment| deployment.revision);
        let app_spec = revision.and_then(app_spec).context("the deployment has no AppSpec of its own")?;
        Target::read(&app_spec)
    }

    pub(crate) async fn tell(&self, hook: &Hook, verdict: Verdict) -> Result<()> {
        let status = match verdict {
            Verdict::Succeeded => LifecycleEventStatus::Succeeded,
            Verdict::Failed => LifecycleEventStatus::Failed,
        };
        let put = self.client.put_lifecycle_event_hook_execution_status();
        let put = put.deployment_id(&hook.deployment_id).status(status);
        let put = put.lifecycle_event_hook_execution_id(&hook.lifecycle_event_hook_execution_id);
        let told = Box::pin(put.send()).await.map_err(|error| failed(&error));
        told.map(drop).context("CodeDeploy does not take the verdict")
    }
}

/// It comes as either of the two, the first of which the API has meanwhile renamed.
#[expect(deprecated, reason = "what CloudFormation creates a deployment with is not documented")]
fn app_spec(revision: RevisionLocation) -> Option<String> {
    let RevisionLocation { app_spec_content, string, .. } = revision;
    let old = string.and_then(|string| string.content);
    app_spec_content.and_then(|app_spec| app_spec.content).or(old)
}

/// By its code, or else by what each cause says: their `Debug` may hold a whole answer.
fn failed(error: &(impl std::error::Error + ProvideErrorMetadata + 'static)) -> anyhow::Error {
    let cause = error as &(dyn std::error::Error + 'static);
    let causes = std::iter::successors(Some(cause), |cause| cause.source()).map(ToString::to_string);
    let said = error.code().map(str::to_owned);
    anyhow::anyhow!(said.unwrap_or_else(|| causes.collect::<Vec<_>>().join(": ")))
}
