//! The order-expirer function: wiring only.

use monitoring::Monitoring;
use order_expirer::Expirer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable)?;
    let expirer = Expirer::new(&variable, &monitoring)?;
    api::serve_events(move |_schedule| expirer.clone().run(), monitoring).await
}
