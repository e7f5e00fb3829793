//! The cache-invalidator function: wiring only.

use cache_invalidator::Invalidator;
use monitoring::AfterResponse;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    monitoring::init_logs();
    let after_response = AfterResponse::default();
    let invalidator = Invalidator::new(&|name| std::env::var(name).ok(), &after_response)?;
    api::serve_events(move |event| invalidator.clone().handle(event), after_response).await
}
