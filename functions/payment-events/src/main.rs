//! The payment-events function: wiring only.

use monitoring::Monitoring;
use payment_events::PaymentEvents;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let variable = |name: &str| std::env::var(name).ok();
    let monitoring = Monitoring::start(&variable)?;
    let events = PaymentEvents::new(&variable, &monitoring)?;
    api::serve_events(move |event| events.clone().handle(event), monitoring).await
}
