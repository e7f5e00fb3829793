//! The copies that this process holds.
//!
//! Bounded by bytes. The table keeps no time: whether a copy may be served is
//! decided here, at each read, by the wall clock and by the [`Stamp`] from
//! before its look-up. An outdated copy stays until it is replaced or evicted;
//! until then it is the last resort when neither L2 nor the loader answers,
//! unless it has been invalidated.

use std::any::Any;
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::generations::Stamp;
use crate::key::{AnyKey, HashOfName, Name};
use crate::policy::millis;

/// Bytes of the table's and our own bookkeeping for one entry.
const OVERHEAD: usize = 192;
/// What an entry is taken to weigh when the table is laid out.
const TYPICAL: u64 = 1024;

pub(crate) struct L1 {
    copies: Cache<Name, Copy, ByWeight, HashOfName>,
}

#[derive(Clone)]
struct Copy {
    /// None if there is nothing of this name.
    value: Option<Arc<dyn Any + Send + Sync>>,
    stamp: Stamp,
    until_ms: u64,
    fresh_until_ms: u64,
    weight: u32,
}

/// What L1 says of a key: its value, or that there is none.
pub(crate) type Known<V> = Option<Arc<V>>;

#[derive(Clone)]
struct ByWeight;

impl quick_cache::Weighter<Name, Copy> for ByWeight {
    fn weight(&self, _: &Name, copy: &Copy) -> u64 {
        u64::from(copy.weight)
    }
}

/// What vouches for a value that goes into L1.
#[derive(Clone, Copy)]
pub(crate) struct Confirmed {
    /// From before the look-up.
    pub(crate) stamp: Stamp,
    /// Wall clock in milliseconds, from before the look-up.
    pub(crate) at_ms: u64,
    /// Wall clock in milliseconds at which the entry itself is no longer fresh.
    pub(crate) fresh_until_ms: u64,
}

impl L1 {
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL).unwrap_or(usize::MAX);
        Self { copies: Cache::with(items, bytes, ByWeight, HashOfName, DefaultLifecycle::default()) }
    }

    /// The copy of a key, if it may be served and is of this type.
    pub(crate) fn get<V>(&self, key: &AnyKey, stamp: Stamp, now_ms: u64) -> Option<Known<V>>
    where
        V: Send + Sync + 'static,
    {
        key.policy().l1?;
        let copy = self.copies.get(key.name())?;
        if copy.stamp != stamp || now_ms >= copy.until_ms {
            return None;
        }
        match copy.value {
            Some(value) => value.downcast().ok().map(Some),
            None => Some(None),
        }
    }

    /// The copy of a key however long ago it was confirmed, as far as its policy
    /// lets it be served stale; for when L2 cannot be asked.
    pub(crate) fn last_copy<V>(&self, key: &AnyKey, stamp: Stamp, now_ms: u64) -> Option<Arc<V>>
    where
        V: Send + Sync + 'static,
    {
        let stale_ms = millis(key.policy().stale_if_error);
        let copy = self.copies.get(key.name()).filter(|copy| copy.stamp == stamp)?;
        let allowed = now_ms < copy.fresh_until_ms.saturating_add(stale_ms);
        copy.value.filter(|_| allowed && stale_ms > 0)?.downcast().ok()
    }

    /// Keeps a copy for as long as the key's policy allows. `encoded` is the
    /// length of the serialised value, from which its size in memory is estimated.
    pub(crate) fn put<V>(&self, key: &AnyKey, value: Known<V>, encoded: usize, confirmed: &Confirmed)
    where
        V: Send + Sync + 'static,
    {
        let Some(l1_ms) = key.policy().l1_ms() else {
            return;
        };
        let copy = Copy {
            value: value.map(|value| value as Arc<dyn Any + Send + Sync>),
            stamp: confirmed.stamp,
            until_ms: confirmed.at_ms.saturating_add(l1_ms).min(confirmed.fresh_until_ms),
            fresh_until_ms: confirmed.fresh_until_ms,
            weight: weight::<V>(key.name(), encoded),
        };
        self.copies.insert(key.name().clone(), copy);
    }

    /// Frees the copy of a key; its stamp has already outdated it.
    pub(crate) fn drop_copy(&self, key: &AnyKey) {
        self.copies.remove(key.name());
    }

    /// Entries and their estimated bytes.
    pub(crate) fn size(&self) -> (u64, u64) {
        (self.copies.len() as u64, self.copies.weight())
    }
}

/// Twice the encoded length stands for headers and slack of what lies on the heap.
fn weight<V>(name: &Name, encoded: usize) -> u32 {
    let bytes = OVERHEAD + name.len() + size_of::<V>() + 2 * encoded;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
