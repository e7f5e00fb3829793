//! The docs function: wiring only.

use monitoring::Monitoring;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable)?;
    api::serve(docs::router(&monitoring), monitoring).await
}
