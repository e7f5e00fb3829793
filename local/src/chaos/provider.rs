//! The payment provider, played by the tool: it has the shop's store to itself
//! and tells it what was captured, through the same faults as the functions.

use std::time::Duration;

use anyhow::Result;
use domain::{Money, OrderId};
use jiff::Timestamp;
use monitoring::AfterResponse;
use serde_json::json;
use store::{Config, Event, Store};
use tokio::time::sleep;

use super::meter::Meter;
use crate::stack::Stack;

/// How often a provider says the same before it gives up for now.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Tells the shop of payments.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    store: Store,
    meter: Meter,
}

impl Provider {
    pub(super) fn new(stack: &Stack, meter: &Meter) -> Result<Self> {
        Ok(Self { store: open_store(stack)?, meter: meter.clone() })
    }

    /// The whole total was captured; says whether the shop acknowledged that.
    pub(super) async fn pay(&self, order: &OrderId, total: Money) -> bool {
        for _ in 0..ATTEMPTS {
            let event = captured(order, total);
            let kept = async {
                self.store.keep_event(&event).await?;
                self.store.apply_event(&event, Timestamp::now()).await
            };
            if kept.await.is_ok() {
                self.meter.count("pay", "acknowledged");
                return true;
            }
            sleep(PAUSE).await;
        }
        self.meter.count("pay", "undecided");
        false
    }
}

fn captured(order: &OrderId, total: Money) -> Event {
    let object = json!({"id": "pi_1", "amount_received": total.amount(), "currency": total.currency(), "metadata": {"order_id": order}});
    let body = json!({"type": "payment_intent.succeeded", "data": {"object": object}}).to_string();
    Event {
        key: format!("stripe/evt_{order}").parse().expect("a name"),
        body: body.into_bytes(),
        received_at: Timestamp::now(),
    }
}

/// A store of its own against the stack's table and cache.
pub(super) fn open_store(stack: &Stack) -> Result<Store> {
    let environment = stack.store_environment();
    let config = Config::read(&|name| environment.get(name).cloned())?;
    Ok(Store::open(&config, &AfterResponse::default())?)
}
