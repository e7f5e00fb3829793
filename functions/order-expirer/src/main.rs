//! The order-expirer function: wiring only.

use monitoring::AfterResponse;
use order_expirer::Expirer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    monitoring::init_logs();
    let after_response = AfterResponse::default();
    let expirer = Expirer::new(&|name| std::env::var(name).ok(), &after_response)?;
    api::serve_events(move |_schedule| expirer.clone().run(), after_response).await
}
