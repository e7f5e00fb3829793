//! The payment provider: it tells the shop of payments over HTTP, and again until
//! the shop acknowledges.

use std::time::Duration;

use anyhow::Result;
use domain::{Money, OrderId, Provider as Scheme};
use tokio::time::sleep;

use super::meter::Meter;
use crate::provider::{Event, Sender};
use crate::stack::Stack;

/// How often a provider says the same before it gives up for now.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Tells the shop of payments.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    sender: Sender,
    meter: Meter,
}

impl Provider {
    pub(super) fn new(stack: &Stack, meter: &Meter) -> Result<Self> {
        Ok(Self { sender: stack.provider()?, meter: meter.clone() })
    }

    /// The whole total was captured. The event is the same however often it is
    /// told; says whether the shop has acknowledged it.
    ///
    /// # Errors
    /// An answer that a shop has no reason to give, in words.
    pub(super) async fn pay(&self, order: &OrderId, total: Money) -> Result<bool, String> {
        let event = Event::succeeded(order, total).with_id(&format!("evt_{order}"));
        for _ in 0..ATTEMPTS {
            let Ok(answer) = self.sender.send(Scheme::Stripe, &event).await else {
                sleep(PAUSE).await;
                continue;
            };
            if answer.status.is_success() {
                self.meter.count("pay", answer.status.as_str());
                return Ok(true);
            }
            if !answer.status.is_server_error() {
                return Err(format!("{} {}", answer.status, answer.body));
            }
            sleep(PAUSE).await;
        }
        self.meter.count("pay", "undecided");
        Ok(false)
    }
}
