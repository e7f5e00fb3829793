//! `local webhook`: any event of a payment provider, signed, to the running system.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use domain::{Currency, EventId, Money, OrderId, Provider};
use http::StatusCode;
use local::provider::{Answer, Event, Secrets, Sender, total};
use local::stack::Addresses;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What happened: succeeded, failed, refunded, or a type in the provider's words.
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,
    #[command(flatten)]
    payment: Payment,
    /// Who says so: stripe or standard.
    #[arg(long, default_value_t = Provider::Stripe)]
    provider: Provider,
    /// The event's name; that of an earlier one sends a duplicate [default: a new one].
    #[arg(long, value_parser = EventId::new)]
    id: Option<EventId>,
}

/// Which order, and how much money.
#[derive(Debug, Args)]
pub(super) struct Payment {
    /// The order.
    #[arg(long, value_parser = OrderId::new)]
    pub(super) order: OrderId,
    /// How much, in minor units [default: the order's total].
    #[arg(long)]
    amount: Option<i64>,
    /// Of which currency [default: the order's].
    #[arg(long, value_parser = Currency::new)]
    currency: Option<Currency>,
}

impl Payment {
    /// What is not given, the order says.
    pub(super) async fn money(&self, running: &Addresses) -> Result<Money> {
        let money = match (self.amount, self.currency) {
            (Some(amount), Some(currency)) => Money::new(amount, currency),
            (amount, currency) => {
                let total = total(&running.dynamodb, &self.order).await?;
                Money::new(amount.unwrap_or(total.amount()), currency.unwrap_or(total.currency()))
            }
        };
        money.map_err(|rule| anyhow::anyhow!("the amount {rule}"))
    }
}

pub(crate) async fn webhook(arguments: &Arguments, state: &Path) -> Result<()> {
    let Arguments { kind, payment, provider, id } = arguments;
    let running = Addresses::of_running(state)?;
    let event = Event::of_type(full(kind), &payment.order, payment.money(&running).await?);
    let event = match id {
        Some(id) => event.with_id(id.as_str()),
        None => event,
    };
    deliver(&running, state, *provider, &event).await
}

fn full(kind: &str) -> &str {
    match kind {
        "succeeded" => "payment_intent.succeeded",
        "failed" => "payment_intent.payment_failed",
        "refunded" => "charge.refunded",
        other => other,
    }
}

/// Sends the event and prints what was answered and, alone on the last line, the
/// event's key.
pub(super) async fn deliver(
    running: &Addresses,
    state: &Path,
    provider: Provider,
    event: &Event,
) -> Result<()> {
    let sender = Sender::new(&running.api, &Secrets::of_clone(state)?)?;
    let answer = sender.send(provider, event).await.context("is it still running? make run")?;
    let Answer { status, body } = &answer;
    if !status.is_success() {
        bail!("{status} {body}{}", hint(&answer));
    }
    writeln!(std::io::stdout(), "{status} {body}\n{provider}/{}", event.id())?;
    Ok(())
}

/// The headers are well-formed and of this moment: only their secret can be wrong.
fn hint(answer: &Answer) -> &'static str {
    if answer.status == StatusCode::BAD_REQUEST && answer.body.contains("signature") {
        "\nThe secrets of `make run` and of this shell differ: STRIPE_WEBHOOK_SECRETS and \
         STANDARD_WEBHOOK_SECRETS must be the same in both, or set in neither."
    } else {
        ""
    }
}
