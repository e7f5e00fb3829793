//! The environment that the template gives each function, beside what the function
//! reads: neither has more than the other, and each choice of a cache makes sense.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use local::project::Project;
use local::template::{Function, Scope};
use local::testing::Tokens;
use monitoring::{Monitoring, Settings};

/// What Lambda sets.
const LAMBDA: [(&str, &str); 7] = [
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "token"),
    ("AWS_LAMBDA_FUNCTION_NAME", "storefront-function"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
    ("AWS_LAMBDA_MAX_CONCURRENCY", ""), // on Managed Instances alone
];

/// What the template leaves as it is when nobody says anything.
const LEFT: [&str; 11] = [
    "DYNAMODB_CONNECT_TIMEOUT_MS",
    "DYNAMODB_ATTEMPT_TIMEOUT_MS",
    "DYNAMODB_OPERATION_TIMEOUT_MS",
    "DYNAMODB_SLOTS",
    "DYNAMODB_SLOT_WAIT_MS",
    "DYNAMODB_SLOW_MS",
    "CACHE_REPLICATION_GROUP",          // of a cache that the template does not make
    "AWS_ENDPOINT_URL_ELASTICACHE",     // of an emulator
    "AWS_ENDPOINT_URL_SECRETS_MANAGER", // likewise
    "AWS_ENDPOINT_URL_CODEDEPLOY",      // likewise
    "AWS_ENDPOINT_URL_LAMBDA",          // likewise
];

/// They have neither table nor cache, whose variables the template's Globals give to all.
const WITHOUT_TABLE_AND_CACHE: [&str; 2] = ["docs", "release-check"];

/// What the template's names mean with one of its caches.
fn scope(cache: &str, tokens: &Tokens) -> Scope {
    let url = if cache == "address" { "rediss://cache.example:6379" } else { "" };
    let names = [
        ("Cache", cache),
        ("CacheUrl", url),
        ("SharedCache", "storefront"),
        ("SharedCache.Endpoint.Address", "storefront.serverless.example"),
        ("SharedCache.Endpoint.Port", "6379"),
        ("CacheUser", "storefront"),
        ("Stage", "local"), // where a key of this machine is let in
        ("AuthIssuer", tokens.issuer()),
        ("AuthAudience", tokens.audience()),
        ("CursorKey", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:cursor"),
        ("WebhookSecrets", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhooks"),
        ("SentryDsn", "https://key@sentry.example/42"), // else the rest of Sentry's is not read
        ("Release", "storefront@1.0.0"),
        ("HealthToken", "a token of health"),
    ];
    let scope = Project::find().unwrap().template().unwrap().scope().with("AuthJwks", tokens.jwks());
    names.into_iter().fold(scope, |scope, (name, means)| scope.with(name, means))
}

/// Sets a function up, as its `main` does.
async fn set_up(function: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<()> {
    let monitoring = &Monitoring::new(Settings::read(variable)?);
    match function {
        "cache-invalidator" => cache_invalidator::Invalidator::new(variable, monitoring).map(drop),
        "cache-warmer" => cache_warmer::Warmer::new(variable, monitoring).map(drop),
        "carts" => carts::router(variable, monitoring).map(drop),
        "docs" => {
            drop(docs::router(monitoring));
            Ok(())
        }
        "health" => health::router(variable, monitoring).map(drop),
        "order-expirer" => order_expirer::Expirer::new(variable, monitoring).map(drop),
        "orders" => orders::router(variable, monitoring).map(drop),
        "payment-events" => payment_events::PaymentEvents::new(variable, monitoring).map(drop),
        "products" => products::router(variable, monitoring).map(drop),
        "release-check" => release_check::ReleaseCheck::new(variable).map(drop),
        "users" => users::router(variable, monitoring).map(drop),
        "webhooks" => {
            let clock = webhooks::Clock::system();
            webhooks::router(variable, monitoring, clock).await.map(drop)
        }
        other => bail!("say here how {other} is set up"),
    }
}

/// What a function reads, given what the template and Lambda set.
async fn read(function: &Function, scope: &Scope) -> Result<BTreeSet<String>> {
    let mut given = function.environment(scope, &BTreeMap::new())?;
    given.extend(LAMBDA.map(|(name, is)| (name.to_owned(), is.to_owned())));
    // Nobody listens there, and the secrets are asked for again later.
    given.insert("AWS_ENDPOINT_URL_SECRETS_MANAGER".to_owned(), "http://127.0.0.1:9".to_owned());
    let read = RefCell::new(BTreeSet::new());
    let variable = |name: &str| {
        read.borrow_mut().insert(name.to_owned());
        given.get(name).cloned()
    };
    set_up(&function.name, &variable).await?;
    Ok(read.take())
}

#[tokio::test]
async fn each_function_reads_what_the_template_gives_it_with_any_cache() {
    let tokens = Tokens::new();
    let functions = Project::find().unwrap().template().unwrap().functions().unwrap();
    let others: BTreeSet<&str> = LAMBDA.map(|(name, _)| name).into_iter().chain(LEFT).collect();
    for (function, cache) in
        functions.iter().flat_map(|it| ["none", "address", "serverless"].map(|cache| (it, cache)))
    {
        let mut read = read(function, &scope(cache, &tokens)).await.unwrap();
        read.retain(|name| !others.contains(name.as_str()));
        let given: BTreeSet<String> = function.variables().map(str::to_owned).collect();
        let (mut unread, not_given): (Vec<_>, Vec<_>) =
            (given.difference(&read).collect(), read.difference(&given).collect());
        if WITHOUT_TABLE_AND_CACHE.contains(&function.name.as_str()) {
            unread.retain(|name| !is_of_table_or_cache(name));
        }
        assert_eq!((unread, not_given), (vec![], vec![]), "{} with {cache}", function.name);
    }
}

fn is_of_table_or_cache(name: &str) -> bool {
    name.starts_with("CACHE_") || ["TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB"].contains(&name)
}
