//! The function's settings, read and checked once at boot.

use anyhow::{Context, Result};
use aws_sdk_lambda::config::Credentials;

/// Settings of the function.
pub(crate) struct Config {
    /// `AWS_REGION`: where the stack is.
    pub(crate) region: String,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, as Lambda sets
    /// them for the life of an execution environment.
    pub(crate) credentials: Credentials,
    /// `AWS_ENDPOINT_URL_CODEDEPLOY`: another endpoint than the region's own.
    pub(crate) codedeploy: Option<String>,
    /// `AWS_ENDPOINT_URL_LAMBDA`: another endpoint than the region's own.
    pub(crate) lambda: Option<String>,
    /// `HEALTH_TOKEN`: what detailed health asks its callers for; empty for nothing.
    pub(crate) health_token: Option<String>,
}

impl Config {
    pub(crate) fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let optional = |name| variable(name).filter(|text| !text.is_empty());
        let required =
            |name| optional(name).with_context(|| format!("the environment variable {name} is not set"));
        let (key, secret) = (required("AWS_ACCESS_KEY_ID")?, required("AWS_SECRET_ACCESS_KEY")?);
        let token = optional("AWS_SESSION_TOKEN");
        Ok(Self {
            region: required("AWS_REGION")?,
            credentials: Credentials::new(key, secret, token, None, "environment"),
            codedeploy: optional("AWS_ENDPOINT_URL_CODEDEPLOY"),
            lambda: optional("AWS_ENDPOINT_URL_LAMBDA"),
            health_token: optional("HEALTH_TOKEN"),
        })
    }
}
