//! Orders that nobody pays, called off before their time: the tool's clock is
//! ahead by the time that orders wait for payment. And events that wait for the
//! sweep, decided before theirs. Two runs at once, as when a
//! schedule fires again before its last run has ended.

use anyhow::Result;
use domain::PAYMENT_WINDOW;
use jiff::Timestamp;
use monitoring::Monitoring;
use store::{Config, Expiry, Store, Sweep};
use tokio::time::{Duration, Instant, sleep, sleep_until};

use super::meter::Meter;
use crate::stack::Stack;

const PAUSE: Duration = Duration::from_millis(1_500);
/// As often as the index is asked for undecided events, when all is quiet.
const SWEEPS: usize = 10;

/// Two that expire orders, each with a store of its own.
pub(super) struct Expirer {
    stores: [Store; 2],
    meter: Meter,
}

impl Expirer {
    pub(super) fn new(stack: &Stack, meter: &Meter) -> Result<Self> {
        Ok(Self { stores: [open_store(stack)?, open_store(stack)?], meter: meter.clone() })
    }

    /// Both, again and again between these times.
    pub(super) async fn run(self, from: Instant, end: Instant) -> Self {
        sleep_until(from).await;
        while Instant::now() < end {
            self.run_both().await;
            sleep(PAUSE).await;
        }
        self
    }

    /// Both, once.
    pub(super) async fn run_both(&self) {
        let later = Timestamp::now() + PAYMENT_WINDOW;
        let [one, other] = &self.stores;
        let (one, other) = tokio::join!(one.expire_orders(later), other.expire_orders(later));
        self.count(one);
        self.count(other);
    }

    /// Decides the events of payments that the stream has left, whatever their age.
    pub(super) async fn sweep(&self) {
        for _ in 0..SWEEPS {
            let swept = self.stores[0].sweep_events(Timestamp::now() + PAYMENT_WINDOW).await;
            let Sweep { applied, ignored, failed, skipped, errors, unfinished } = swept;
            self.meter.count_many("sweep", "applied", applied);
            if applied + ignored + failed + skipped + errors + unfinished == 0 {
                return;
            }
        }
    }

    fn count(&self, Expiry { expired, skipped, failed, unfinished }: Expiry) {
        let ends =
            [("expired", expired), ("skipped", skipped), ("failed", failed), ("unfinished", unfinished)];
        for (end, times) in ends.into_iter().filter(|(_, times)| *times > 0) {
            self.meter.count_many("expire", end, times);
        }
    }
}

/// A store of its own against the stack's table and cache.
fn open_store(stack: &Stack) -> Result<Store> {
    let environment = stack.store_environment();
    let config = Config::read(&|name| environment.get(name).cloned())?;
    Ok(Store::open(&config, &Monitoring::default())?)
}
