//! The orders function: wiring only.

use monitoring::Monitoring;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable)?;
    let router = orders::router(&variable, &monitoring)?;
    api::serve(router, monitoring).await
}
