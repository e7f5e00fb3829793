//! A clock that stands until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use webhooks::Clock;

#[derive(Clone)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(crate) fn at(time: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(time.as_millisecond())))
    }

    pub(crate) fn clock(&self) -> Clock {
        let hand = self.clone();
        Clock::new(move || hand.now())
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).expect("a time")
    }

    /// Moves it by so much, also back.
    pub(crate) fn pass(&self, time: SignedDuration) {
        let milliseconds = i64::try_from(time.as_millis()).expect("not so much");
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
    }
}
