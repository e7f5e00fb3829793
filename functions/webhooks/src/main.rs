//! The webhooks function: wiring only.

use monitoring::Monitoring;
use webhooks::Clock;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable)?;
    let router = webhooks::router(&variable, &monitoring, Clock::system()).await?;
    api::serve(router, monitoring).await
}
