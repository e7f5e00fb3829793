//! What was read how often, by name: the cache's warmer loads what is read most.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Names of a kind between two writes; what else is read meanwhile is read seldom.
const NAMES: usize = 1_000;

/// Something that the cache holds, and is read by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// A product, by its id.
    Product,
    /// A category's pages, by its name.
    Category,
}

impl Read {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Product, Self::Category];

    /// How it is called in L2.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Category => "category",
        }
    }
}

/// Counts reads by name, in bounded memory.
#[derive(Debug, Default)]
pub(crate) struct Popular([Mutex<HashMap<String, u64>>; Read::ALL.len()]);

impl Popular {
    pub(crate) fn read(&self, what: Read, name: &str) {
        let mut reads = self.0[what as usize].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = reads.get_mut(name) {
            *times += 1;
        } else if reads.len() < NAMES {
            reads.insert(name.to_owned(), 1);
        }
    }

    /// The most read since it was last asked, so many at most.
    pub(crate) fn take(&self, what: Read, most: usize) -> Vec<(String, u64)> {
        let reads =
            std::mem::take(&mut *self.0[what as usize].lock().unwrap_or_else(PoisonError::into_inner));
        let mut reads: Vec<_> = reads.into_iter().collect();
        reads.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        reads.truncate(most);
        reads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_read_come_first_and_no_more_than_there_is_room_for() {
        let popular = Popular::default();
        (0..2 * NAMES).for_each(|name| popular.read(Read::Product, &name.to_string()));
        (0..3).for_each(|_| popular.read(Read::Product, "7"));
        popular.read(Read::Category, "kitchen");
        assert_eq!(popular.take(Read::Product, 2), [("7".to_owned(), 4), ("0".to_owned(), 1)]);
        assert_eq!(popular.take(Read::Product, 2), []);
        assert_eq!(popular.take(Read::Category, 2), [("kitchen".to_owned(), 1)]);
    }
}
