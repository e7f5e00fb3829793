//! What tests of other crates stand on: a real table, a real cache and tokens,
//! each test its own, on free ports. Whatever is missing is a panic that says
//! what to install: a test that cannot run has failed.

mod answer;
pub mod browser;
pub mod runtime_api;
pub mod server;
pub mod shop;

use std::{collections::BTreeMap, time::Duration};

use cache::{Cache, Config};
use monitoring::Monitoring;
use serde_json::{Value, json};

use crate::{
    dynamodb::DynamoDb,
    faults::{self, Faults},
    lambda::RateLimits,
    project::Project,
    secret::Secret,
    template::{REGION, TABLE_NAME},
    token::{AUDIENCE, ISSUER, Signer, claims},
};

pub use self::answer::{Answer, send};
pub use crate::redis::Redis as RedisServer;

/// Longer than any test.
const TOKEN_TTL: Duration = Duration::from_hours(1);

/// A DynamoDB of one test's own, in memory, with the table of template.yaml,
/// behind a proxy for its faults.
pub struct Database {
    proxy: faults::Proxy,
    server: DynamoDb,
}

impl Database {
    /// Starts it; it is gone when dropped.
    pub async fn memory() -> Self {
        let table = Project::find()
            .and_then(|project| project.template()?.table())
            .expect("template.yaml describes the table");
        let server = DynamoDb::in_memory(TABLE_NAME, &table)
            .await
            .expect("an embedded DynamoDB starts on a free port");
        let proxy = faults::Proxy::start(&server.endpoint(), &table).await;
        let proxy = proxy.expect("a fault proxy starts on a free port");
        Self { proxy, server }
    }

    /// Its address, as `AWS_ENDPOINT_URL_DYNAMODB` takes it.
    pub fn endpoint(&self) -> String {
        self.proxy.endpoint()
    }

    /// The address at which it has no faults: what is really in the table.
    pub fn endpoint_past_faults(&self) -> String {
        self.server.endpoint()
    }

    /// What is to go wrong; nothing, until it is told to.
    pub fn faults(&self) -> Faults {
        self.proxy.faults()
    }

    /// The table's name, as `TABLE_NAME` takes it.
    pub fn table_name(&self) -> &'static str {
        TABLE_NAME
    }
}

/// A cache server of one test's own. The faults of [`RedisServer`] are there
/// to be used: kill, restart on the same port, freeze and thaw.
pub struct Redis {
    server: RedisServer,
}

impl Redis {
    /// Starts it; it is gone when dropped.
    pub async fn start() -> Self {
        let server = RedisServer::start().await.unwrap_or_else(|error| panic_with(&error));
        Self { server }
    }

    /// Its address, as `CACHE_URL` takes it.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Kills it, as a crash would.
    pub async fn kill(&self) {
        self.server.kill().await;
    }

    /// Starts it again on the same port, empty.
    pub async fn restart(&mut self) {
        let restarted = self.server.restart().await;
        restarted.unwrap_or_else(|error| panic_with(&error));
    }

    /// Keeps its connections open and answers nothing.
    pub fn freeze(&self) {
        self.server.freeze();
    }

    /// Goes on after [`freeze`](Self::freeze).
    pub fn thaw(&self) {
        self.server.thaw();
    }
}

/// An issuer of tokens with a key of its own: two of them do not accept each
/// other's.
pub struct Tokens {
    signer: Signer,
}

impl Default for Tokens {
    fn default() -> Self {
        Self::new()
    }
}

impl Tokens {
    /// An issuer with a new key.
    pub fn new() -> Self {
        let signer = Signer::ephemeral().expect("the system has random numbers");
        Self { signer }
    }

    /// Its JWKS document, as `AUTH_JWKS` takes it.
    pub fn jwks(&self) -> String {
        self.signer.jwks()
    }

    /// Its `iss`, as `AUTH_ISSUER` takes it.
    pub fn issuer(&self) -> &'static str {
        ISSUER
    }

    /// Its `aud`, as `AUTH_AUDIENCE` takes it.
    pub fn audience(&self) -> &'static str {
        AUDIENCE
    }

    /// A good token of `user` with these space-separated scopes.
    pub fn mint(&self, user: &str, scopes: &str) -> String {
        self.mint_with(user, scopes, &json!({}))
    }

    /// A good token save for these claims; a claim of `null` is left out.
    pub fn mint_with(&self, user: &str, scopes: &str, changes: &Value) -> String {
        let mut claims = claims(user, scopes, TOKEN_TTL).expect("an hour from now is a time");
        for (claim, value) in changes.as_object().into_iter().flatten() {
            claims[claim] = value.clone();
        }
        if let Value::Object(claims) = &mut claims {
            claims.retain(|_, value| !value.is_null());
        }
        self.sign(&claims)
    }

    /// A token with exactly these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.signer.sign(claims)
    }
}

/// Somebody who reads what the fleet at a cache did, and counts nothing there.
pub fn fleet_at(cache: &str) -> Monitoring {
    let config = Config { url: Some(cache.to_owned()), ..Config::default() };
    let monitoring = Monitoring::default();
    monitoring.share_through(&Cache::new(config).expect("the address is a cache's"));
    monitoring
}

/// The environment of a function that uses these, as Lambda would set it.
pub fn environment(database: &Database, cache: Option<&Redis>, tokens: &Tokens) -> BTreeMap<String, String> {
    environment_at(database.endpoint(), cache, tokens)
}

/// The same with DynamoDB at this address.
pub fn environment_at(endpoint: String, cache: Option<&Redis>, tokens: &Tokens) -> BTreeMap<String, String> {
    let cursor_key = Secret::random().expect("the system has random numbers");
    let mut environment = plenty();
    environment.extend(
        [
            ("STAGE", "local".to_owned()),
            ("TABLE_NAME", TABLE_NAME.to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("CACHE_URL", cache.map(Redis::url).unwrap_or_default()),
            ("AUTH_JWKS", tokens.jwks()),
            ("AUTH_ISSUER", tokens.issuer().to_owned()),
            ("AUTH_AUDIENCE", tokens.audience().to_owned()),
            ("CURSOR_KEY", cursor_key.text()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    environment
}

/// Rate limits that no test meets by accident.
fn plenty() -> BTreeMap<String, String> {
    let functions = Project::find().and_then(|project| project.template()?.functions());
    let functions = functions.expect("template.yaml describes the functions");
    let plenty = RateLimits::default();
    let limits = functions.iter().flat_map(|function| plenty.of(function));
    limits.map(|(name, value)| (name.to_owned(), value)).collect()
}

#[expect(clippy::panic, reason = "a test that cannot run has failed")]
fn panic_with(error: &anyhow::Error) -> ! {
    panic!("{error:#}")
}
