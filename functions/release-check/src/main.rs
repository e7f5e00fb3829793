//! The release-check function: wiring only.

use monitoring::Monitoring;
use release_check::ReleaseCheck;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable)?;
    let check = ReleaseCheck::new(&variable)?;
    api::serve_events(move |event| check.clone().handle(event), monitoring).await
}
