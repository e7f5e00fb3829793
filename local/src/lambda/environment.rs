//! The environment of a function's process: what the template gives it, with
//! this machine's table, cache and keys, and what Lambda itself sets.

use std::collections::BTreeMap;

use anyhow::Result;
use domain::Provider;

use super::{MAX_CONCURRENCY, RateLimits};
use crate::provider::Secrets;
use crate::template::{Cors, Function, REGION, Scope, Template};
use crate::token::{AUDIENCE, ISSUER};

/// Variables of one process.
pub type Environment = BTreeMap<String, String>;

/// Any page on this machine may call the local stack.
const CORS_ORIGINS: &str = "*";

/// What stands around the functions on this machine.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Address of DynamoDB.
    pub dynamodb: String,
    /// Address of the cache; empty for none.
    pub cache: String,
    /// The development key's public half.
    pub jwks: String,
    /// What signs page cursors.
    pub cursor_key: String,
    /// What payment providers sign with.
    pub webhook_secrets: Secrets,
    /// How often callers may come.
    pub rate_limits: RateLimits,
}

impl Surroundings {
    /// The gateway's CORS rules on this machine.
    pub fn cors(&self, template: &Template) -> Result<Cors> {
        template.cors(&self.scope(template))
    }

    /// What the template gives the function: no more and no less than it will
    /// have on AWS.
    pub fn of_template(&self, template: &Template, function: &Function) -> Result<Environment> {
        let mut overrides = BTreeMap::from([
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.clone()),
            ("CURSOR_KEY", self.cursor_key.clone()),
            ("STRIPE_WEBHOOK_SECRETS", self.webhook_secrets.list(Provider::Stripe).to_owned()),
            ("STANDARD_WEBHOOK_SECRETS", self.webhook_secrets.list(Provider::Standard).to_owned()),
            ("WEBHOOK_SECRETS_ID", String::new()),
        ]);
        overrides.extend(self.rate_limits.of(function));
        function.environment(&self.scope(template), &overrides)
    }

    /// The whole environment of the function's process.
    pub fn of_process(
        &self,
        template: &Template,
        function: &Function,
        runtime_api: &str,
    ) -> Result<Environment> {
        let mut environment = self.of_template(template, function)?;
        environment.extend(of_lambda(function, runtime_api));
        environment.insert("DYNAMODB_SLOTS".to_owned(), SLOTS.to_string());
        Ok(environment)
    }

    fn scope(&self, template: &Template) -> Scope {
        template
            .scope()
            .with("Stage", "local")
            .with("CacheUrl", &self.cache)
            .with("AuthIssuer", ISSUER)
            .with("AuthAudience", AUDIENCE)
            .with("AuthJwks", &self.jwks)
            .with("CorsOrigins", CORS_ORIGINS)
    }
}

/// Calls of DynamoDB that a process may have under way: those of production, since one
/// serves what on Lambda as many environments would as the gate lets requests in.
const SLOTS: usize = 20;

/// What Lambda itself sets. The credentials open nothing: DynamoDB on this
/// machine wants a signature and checks none.
fn of_lambda(function: &Function, runtime_api: &str) -> [(String, String); 13] {
    [
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_DEFAULT_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_SESSION_TOKEN", "local".to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mib.to_string()),
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_LAMBDA_MAX_CONCURRENCY", MAX_CONCURRENCY.to_string()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}
