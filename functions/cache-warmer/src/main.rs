//! The cache-warmer function: wiring only.

use cache_warmer::Warmer;
use monitoring::Monitoring;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable)?;
    let warmer = Warmer::new(&variable, &monitoring)?;
    api::serve_events(move |event| warmer.clone().handle(event), monitoring).await
}
