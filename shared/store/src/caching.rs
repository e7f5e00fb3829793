//! The shared cache as the shop's settings describe it.

use std::time::Duration;

use aws_sdk_dynamodb::config::{Region, SharedCredentialsProvider};
use cache::elasticache::iam::IamToken;
use cache::{Background, Cache, Credentials, Discovery, Times};
use monitoring::{Count, Importance, Measure, Monitoring, Totals};

use crate::config::{CacheConfig, Config, ConfigError};
use crate::connection;

/// Of a process's init, which a cache that hangs is not to hold up for long: it is
/// connected to in the background then.
const CONNECTED_WITHIN: Duration = Duration::from_millis(300);

/// The cache. What it serves stale is loaded anew after the response. What it was
/// good for is counted, and its L2 is where the fleet's counts come together.
pub(crate) fn open(config: &Config, monitoring: &Monitoring) -> Result<Cache, ConfigError> {
    let queue = monitoring.after_response().clone();
    let cache = Cache::new(cache::Config {
        url: config.cache.url.clone(),
        cluster: config.cache.cluster,
        elasticache: discovery(config),
        credentials: credentials(config)?,
        background: Background::new(move |job| queue.push(Importance::Refresh, job)),
        ..cache::Config::default()
    })?;
    monitoring.share_through(&cache);
    let connecting = cache.clone();
    monitoring.at_init(async move { connecting.connect(CONNECTED_WITHIN).await });
    let (counted, mut before) = (cache.clone(), Before::default());
    monitoring.source(move |totals| before.add_new(&counted, totals));
    Ok(cache)
}

/// What was counted already.
#[derive(Default)]
struct Before {
    counters: cache::Counters,
    times: Times,
}

impl Before {
    fn add_new(&mut self, cache: &Cache, totals: &mut Totals) {
        let (now, times) = (cache.counters(), cache.times());
        let before = &self.counters;
        for (count, now, before) in [
            (Count::CacheL1Hits, now.l1_hits, before.l1_hits),
            (Count::CacheL2Hits, now.l2_hits, before.l2_hits),
            (Count::CacheStale, now.stale, before.stale),
            (Count::CacheMisses, now.misses, before.misses),
            (Count::CacheRequests, now.l2_asked, before.l2_asked),
            (Count::CacheErrors, now.l2_errors, before.l2_errors),
            (Count::CacheSkipped, now.l2_skipped, before.l2_skipped),
            (Count::CacheUnacknowledged, now.unacknowledged, before.unacknowledged),
        ] {
            totals.add(count, now - before);
        }
        totals.add_measured(Measure::CacheTime, &times.l2.since(&self.times.l2));
        totals.add_measured(Measure::MissPenalty, &times.miss.since(&self.times.miss));
        (self.counters, self.times) = (now, times);
    }
}

/// Whom to ask where the cache is; nobody if a URL says so.
fn discovery(config: &Config) -> Option<Discovery> {
    if config.cache.url.is_some() { None } else { config.elasticache() }
}

impl Config {
    /// The cache in ElastiCache, and a client to ask about it; none if it is no such cache.
    pub fn elasticache(&self) -> Option<Discovery> {
        let CacheConfig { elasticache: Some(cache), endpoint, .. } = &self.cache else {
            return None;
        };
        let mut builder = aws_sdk_elasticache::Config::builder()
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.for_the_sdk())
            .http_client(connection::http_client(endpoint.as_deref(), &self.region, 1));
        builder.set_endpoint_url(endpoint.clone());
        let client = aws_sdk_elasticache::Client::from_conf(builder.build());
        Some(Discovery { client, cache: cache.clone() })
    }
}

fn credentials(config: &Config) -> Result<Option<Credentials>, ConfigError> {
    let CacheConfig { elasticache: Some(cache), iam_user: Some(user), .. } = &config.cache else {
        return Ok(None);
    };
    let signer = SharedCredentialsProvider::new(config.credentials.for_the_sdk());
    let token = IamToken::new(cache, user, config.region.clone(), signer)?;
    Ok(Some(Credentials::iam(user, token)))
}
