//! One who wants one piece of each product, and does not give up when the shop
//! is merely busy.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use domain::ProductId;
use http::{StatusCode, header};
use reqwest::Response;
use serde_json::{Value, json};
use tokio::time::sleep;

/// Longer than the gate lets anyone wait.
const ANSWER_WITHIN: Duration = Duration::from_secs(40);
/// A buyer who was told so long to come again goes home.
const PATIENCE: Duration = Duration::from_mins(2);
/// When the shop does not say when to come again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Buyer {
    pub(super) http: reqwest::Client,
    pub(super) name: String,
    pub(super) token: String,
    pub(super) products: Arc<[ProductId]>,
    pub(super) backwards: bool,
}

/// What a buyer was told in the end.
pub(super) struct Decision {
    buyer: Buyer,
    /// The status of the last answer; none if there was none.
    pub(super) status: Option<StatusCode>,
    order: Option<String>,
    /// How often the order was sent again.
    pub(super) retries: u32,
    pub(super) took: Duration,
}

pub(super) fn http_client() -> Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().timeout(ANSWER_WITHIN).build()?)
}

impl Buyer {
    pub(super) async fn order(self, url: Arc<str>) -> Decision {
        let (start, mut retries) = (Instant::now(), 0);
        loop {
            let answer = self.send(&url).await;
            let wait = answer.as_ref().map_or(Some(PAUSE), come_again);
            match wait {
                Some(wait) if start.elapsed() + wait < PATIENCE => sleep(spread(wait)).await,
                _ => return self.decided(answer.ok(), retries, start.elapsed()).await,
            }
            retries += 1;
        }
    }

    async fn send(&self, url: &str) -> reqwest::Result<Response> {
        let mut items: Vec<Value> =
            self.products.iter().map(|id| json!({"product_id": id, "quantity": 1})).collect();
        if self.backwards {
            items.reverse();
        }
        let request = self.http.post(format!("{url}/api/orders")).bearer_auth(&self.token);
        request.header("idempotency-key", "the-one").json(&json!({"items": items})).send().await
    }

    async fn decided(self, answer: Option<Response>, retries: u32, took: Duration) -> Decision {
        let status = answer.as_ref().map(Response::status);
        let body: Option<Value> = match answer {
            Some(answer) => answer.json().await.ok(),
            None => None,
        };
        let order = body.and_then(|body| body["id"].as_str().map(str::to_owned));
        Decision { buyer: self, status, order, retries, took }
    }
}

/// How long the shop asks to wait, if it did not decide.
fn come_again(answer: &Response) -> Option<Duration> {
    let passing = matches!(
        answer.status(),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    );
    let seconds = || answer.headers().get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok();
    passing.then(|| seconds().map_or(PAUSE, Duration::from_secs))
}

/// Up to half as long again: those who were sent away together do not come
/// back together.
fn spread(wait: Duration) -> Duration {
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    wait + Duration::from_millis(fastrand::u64(0..=millis / 2))
}

impl Decision {
    /// Pieces of each product in the order, as the shop shows it now.
    pub(super) async fn pieces(&self, url: &str) -> Result<Vec<i64>> {
        let Some(id) = &self.order else { return Ok(vec![0; self.buyer.products.len()]) };
        let order = self.buyer.http.get(format!("{url}/api/orders/{id}")).bearer_auth(&self.buyer.token);
        let order: Value = order.send().await?.error_for_status()?.json().await?;
        let items = order["items"].as_array().with_context(|| format!("order {id} has no items"))?;
        let pieces: HashMap<&str, i64> = items
            .iter()
            .filter_map(|item| Some((item["product_id"].as_str()?, item["quantity"].as_i64()?)))
            .collect();
        let of = |product: &ProductId| pieces.get(product.as_str()).copied().unwrap_or_default();
        Ok(self.buyer.products.iter().map(of).collect())
    }
}

impl std::fmt::Debug for Decision {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decision")
            .field("buyer", &self.buyer.name)
            .field("status", &self.status)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}
