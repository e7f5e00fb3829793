//! The payment-events function: wiring only.

use monitoring::AfterResponse;
use payment_events::PaymentEvents;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    monitoring::init_logs();
    let after_response = AfterResponse::default();
    let events = PaymentEvents::new(&|name| std::env::var(name).ok(), &after_response)?;
    api::serve_events(move |event| events.clone().handle(event), after_response).await
}
