//! `local pay`: the customer has paid, and the provider says so.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use domain::Provider;
use local::provider::Event;
use local::stack::Addresses;

use super::webhook::{Payment, deliver};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    payment: Payment,
}

pub(crate) async fn pay(Arguments { payment }: &Arguments, state: &Path) -> Result<()> {
    let running = Addresses::of_running(state)?;
    let event = Event::succeeded(&payment.order, payment.money(&running).await?);
    deliver(&running, state, Provider::Stripe, &event).await
}
