//! Which trouble comes when: one kind at a time or two, dealt like cards so that
//! every kind has its turn, and quiet between, so that something gets done.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::meter::Meter;
use super::trouble::Trouble;
use crate::stack::Stack;

/// So many times of trouble fit a run, however long the run is.
const STORMS: u32 = 18;
/// A long run has more of them instead.
const LONGEST_STORM: Duration = Duration::from_secs(4);

pub(super) struct Weather {
    storm: Duration,
    random: fastrand::Rng,
    deck: Vec<Trouble>,
    meter: Meter,
}

impl Weather {
    pub(super) fn new(time: Duration, random: fastrand::Rng, meter: Meter) -> Self {
        Self { storm: (time / STORMS).min(LONGEST_STORM), random, deck: Vec::new(), meter }
    }

    /// Trouble and quiet by turns, until the end, when it is quiet for good.
    pub(super) async fn run(
        mut self,
        stack: &mut Stack,
        end: Instant,
        announce: &mut impl FnMut(&str),
    ) -> Result<()> {
        while Instant::now() < end {
            let troubles = self.deal();
            let names: Vec<_> = troubles.iter().map(ToString::to_string).collect();
            announce(&names.join("; "));
            self.storm(stack, &troubles, end).await.with_context(|| names.join("; "))?;
            let calm = self.about(self.storm / 2);
            sleep_until(end.min(Instant::now() + calm)).await;
        }
        Ok(())
    }

    async fn storm(&mut self, stack: &mut Stack, troubles: &[Trouble], end: Instant) -> Result<()> {
        self.meter.set_troubled(true);
        let over = end.min(Instant::now() + self.about(self.storm));
        for trouble in troubles {
            trouble.begin(stack, &mut self.random).await?;
        }
        self.invoke_expirer(stack, over).await;
        sleep_until(over).await;
        stack.faults().clear();
        for trouble in troubles {
            trouble.end(stack).await?;
        }
        self.meter.set_troubled(false);
        Ok(())
    }

    /// The real one, for which nothing is due yet; that it fails is one of the
    /// things that happen.
    async fn invoke_expirer(&self, stack: &Stack, over: Instant) {
        let end = match timeout_at(over, stack.invoke("order-expirer", &json!({}))).await {
            Ok(Ok(_)) => "answered",
            Ok(Err(_)) => "failed",
            Err(_elapsed) => "not waited for",
        };
        self.meter.count("invoke order-expirer", end);
    }

    /// One kind of trouble or two.
    fn deal(&mut self) -> Vec<Trouble> {
        let count = self.random.usize(1..=2);
        let mut troubles: Vec<_> = (0..count).map(|_| self.draw()).collect();
        troubles.dedup();
        troubles
    }

    fn draw(&mut self) -> Trouble {
        if self.deck.is_empty() {
            self.deck = Trouble::ALL.to_vec();
            self.random.shuffle(&mut self.deck);
        }
        self.deck.pop().expect("it was just filled")
    }

    /// From a third less to a third more.
    fn about(&mut self, time: Duration) -> Duration {
        time * self.random.u32(67..=133) / 100
    }
}
