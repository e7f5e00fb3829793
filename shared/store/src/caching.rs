//! The shared cache as the shop's settings describe it.

use aws_sdk_dynamodb::config::{Region, SharedCredentialsProvider};
use cache::elasticache::iam::IamToken;
use cache::{Background, Cache, Counters, Credentials, Discovery};
use monitoring::{AfterResponse, CacheUse};

use crate::config::{CacheConfig, Config, ConfigError};
use crate::connection;

/// The cache. What it serves stale is loaded anew after the response, when it
/// also reports what it was good for.
pub(crate) fn open(config: &Config, after_response: &AfterResponse) -> Result<Cache, ConfigError> {
    let queue = after_response.clone();
    let cache = Cache::new(cache::Config {
        url: config.cache.url.clone(),
        cluster: config.cache.cluster,
        elasticache: discovery(config),
        credentials: credentials(config)?,
        background: Background::new(move |job| queue.push(job)),
        ..cache::Config::default()
    })?;
    let (reported, mut before) = (cache.clone(), Counters::default());
    after_response.report(move || {
        let now = reported.counters();
        cache_use(&now, &before).log();
        before = now;
    });
    Ok(cache)
}

/// Whom to ask where the cache is; nobody if a URL says so.
fn discovery(config: &Config) -> Option<Discovery> {
    let CacheConfig { url: None, elasticache: Some(cache), endpoint, .. } = &config.cache else {
        return None;
    };
    let mut builder = aws_sdk_elasticache::Config::builder()
        .region(Region::new(config.region.clone()))
        .credentials_provider(config.credentials.for_the_sdk())
        .http_client(connection::http_client(endpoint.as_deref()));
    builder.set_endpoint_url(endpoint.clone());
    let client = aws_sdk_elasticache::Client::from_conf(builder.build());
    Some(Discovery { client, cache: cache.clone() })
}

fn credentials(config: &Config) -> Result<Option<Credentials>, ConfigError> {
    let CacheConfig { elasticache: Some(cache), iam_user: Some(user), .. } = &config.cache else {
        return Ok(None);
    };
    let signer = SharedCredentialsProvider::new(config.credentials.for_the_sdk());
    let token = IamToken::new(cache, user, config.region.clone(), signer)?;
    Ok(Some(Credentials::iam(user, token)))
}

fn cache_use(now: &Counters, before: &Counters) -> CacheUse {
    CacheUse {
        l1_hits: now.l1_hits - before.l1_hits,
        l2_hits: now.l2_hits - before.l2_hits,
        stale: now.stale - before.stale,
        misses: now.misses - before.misses,
        coalesced: now.coalesced - before.coalesced,
        loads: now.loads - before.loads,
        load_errors: now.load_errors - before.load_errors,
        l2_errors: now.l2_errors - before.l2_errors,
        l2_skipped: now.l2_skipped - before.l2_skipped,
        unacknowledged: now.unacknowledged - before.unacknowledged,
        l1_p95: now.l1_latency.p95,
        l2_p95: now.l2_latency.p95,
        miss_p95: now.miss_latency.p95,
    }
}
