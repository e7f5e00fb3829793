//! The cache-invalidator function: wiring only.

use cache_invalidator::Invalidator;
use monitoring::Monitoring;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable)?;
    let invalidator = Invalidator::new(&variable, &monitoring)?;
    api::serve_events(move |event| invalidator.clone().handle(event), monitoring).await
}
