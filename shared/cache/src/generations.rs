//! What this process knows to be outdated.
//!
//! Every key and tag falls on one of a fixed number of counters, and an
//! invalidation raises the counters of what it names. A [`Stamp`] is the sum of
//! an entry's counters, read *before* its value was looked up; the value may be
//! served or shared only while the sum is still the same. So an invalidation
//! need not find the copies and loads that it outdates, and a reader that had
//! the old value in hand while the invalidation ran cannot slip it in
//! afterwards. Counters only rise, so an equal sum means that none has moved;
//! they start at random values, so that the sums of different sets of tags do
//! not meet. Two names on one counter cost each other a miss, nothing more.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Clock;
use crate::key::AnyKey;

const COUNTERS: usize = 1024;

/// The state of an entry's counters at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

pub(crate) struct Generations {
    counters: Box<[AtomicU64]>,
}

impl Generations {
    pub(crate) fn new() -> Self {
        let counters = (0..COUNTERS).map(|_| AtomicU64::new(fastrand::u64(..)));
        Self { counters: counters.collect() }
    }

    /// To be read before the look-up whose result it will vouch for.
    pub(crate) fn stamp(&self, key: &AnyKey, clock: &Clock) -> Stamp {
        let own = self.counter(key.hash()).load(Ordering::Acquire);
        let sum = key
            .tags()
            .iter()
            .fold(own, |sum, tag| sum.wrapping_add(self.counter(tag.hash()).load(Ordering::Acquire)));
        Stamp(sum.wrapping_add(clock.steps_back()))
    }

    /// Outdates all stamps of what falls on the counter of this hash.
    pub(crate) fn raise(&self, hash: u64) {
        self.counter(hash).fetch_add(1, Ordering::AcqRel);
    }

    fn counter(&self, hash: u64) -> &AtomicU64 {
        // The remainder is below the length.
        let index = usize::try_from(hash % COUNTERS as u64).unwrap_or(0);
        &self.counters[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Policy, Tag};

    const PAGE: Kind<u32> = Kind::new("page", 1, Policy::PLAIN);

    #[test]
    fn a_stamp_changes_with_its_key_and_with_each_of_its_tags() {
        let (generations, clock) = (Generations::new(), Clock::system());
        let tags = [Tag::new("category", "books"), Tag::new("category", "toys")];
        let [books, toys] = tags.clone();
        let key = PAGE.key("1").tagged(books).tagged(toys).erase();
        for hash in [key.hash(), tags[0].hash(), tags[1].hash()] {
            let before = generations.stamp(&key, &clock);
            generations.raise(hash);
            assert_ne!(before, generations.stamp(&key, &clock));
        }
    }

    #[test]
    fn a_stamp_stands_while_others_are_invalidated() {
        let (generations, clock) = (Generations::new(), Clock::system());
        let key = PAGE.key("1").erase();
        let before = generations.stamp(&key, &clock);
        generations.raise(Tag::new("category", "books").hash());
        assert_eq!(before, generations.stamp(&key, &clock));
    }
}
