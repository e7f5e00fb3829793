//! The payment provider, played by the tool: it has the shop's store to itself
//! and tells it what was captured, through the same faults as the functions.

use std::time::Duration;

use anyhow::Result;
use domain::{Error, Money, OrderId, OrderStatus, Receipt};
use monitoring::AfterResponse;
use store::{Config, Store};
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

    /// The whole total was captured. Where the order stands then; none if the
    /// shop did not say.
    ///
    /// # Errors
    /// What a shop has no reason to say of an order that it acknowledged.
    pub(super) async fn pay(&self, order: &OrderId, total: Money) -> Result<Option<OrderStatus>, Error> {
        for _ in 0..ATTEMPTS {
            match self.store.settle_payment(order, Receipt::Captured(total)).await {
                Ok(purchase) => {
                    self.meter.count("pay", purchase.order.status.as_str());
                    return Ok(Some(purchase.order.status));
                }
                Err(Error::Busy | Error::Unavailable { .. }) => sleep(PAUSE).await,
                Err(refused) => return Err(refused),
            }
        }
        self.meter.count("pay", "undecided");
        Ok(None)
    }
}

/// A store of its own against the stack's table and cache.
pub(super) fn open_store(stack: &Stack) -> Result<Store> {
    let environment = stack.store_environment();
    let config = Config::read(&|name| environment.get(name).cloned())?;
    Ok(Store::open(&config, &AfterResponse::default())?)
}
