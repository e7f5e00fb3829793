//! The webhooks function: wiring only.

use monitoring::AfterResponse;
use webhooks::Clock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    monitoring::init_logs();
    let after_response = AfterResponse::default();
    let variable = |name: &str| std::env::var(name).ok();
    let router = webhooks::router(&variable, &after_response, Clock::system()).await?;
    api::serve(router, after_response).await
}
