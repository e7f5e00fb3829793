//! The copies that this process holds.
//!
//! Bounded by bytes, evicted by least recent use (entries live for seconds, so
//! frequency would mostly remember the dead). moka keeps no time: whether a copy
//! may be served is decided here, at each read, by the wall clock and by the
//! [`Stamp`] from before its look-up. An outdated copy stays until it is
//! replaced or evicted.

use std::any::Any;
use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::generations::Stamp;
use crate::key::AnyKey;

/// Bytes of moka's and our own bookkeeping for one entry.
const OVERHEAD: usize = 256;

pub(crate) struct L1 {
    copies: Cache<Arc<str>, Copy>,
}

#[derive(Clone)]
struct Copy {
    value: Arc<dyn Any + Send + Sync>,
    stamp: Stamp,
    until_ms: u64,
    weight: u32,
}

/// What vouches for a value that goes into L1.
pub(crate) struct Confirmed {
    /// From before the look-up.
    pub(crate) stamp: Stamp,
    /// Wall clock in milliseconds, from before the look-up.
    pub(crate) at_ms: u64,
    /// Wall clock in milliseconds at which the entry itself expires.
    pub(crate) fresh_until_ms: u64,
}

impl L1 {
    pub(crate) fn new(bytes: u64) -> Self {
        let copies = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, copy: &Copy| copy.weight)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { copies }
    }

    /// The copy of a key, if it may be served and is of this type.
    pub(crate) fn get<V>(&self, key: &AnyKey, stamp: Stamp, now_ms: u64) -> Option<Arc<V>>
    where
        V: Send + Sync + 'static,
    {
        key.policy().l1?;
        let copy = self.copies.get(key.name())?;
        if copy.stamp != stamp || now_ms >= copy.until_ms {
            return None;
        }
        copy.value.downcast().ok()
    }

    /// Keeps a copy for as long as the key's policy allows. `encoded` is the
    /// length of the serialised value, from which its size in memory is estimated.
    pub(crate) fn put<V>(&self, key: &AnyKey, value: Arc<V>, encoded: usize, confirmed: &Confirmed)
    where
        V: Send + Sync + 'static,
    {
        let Some(l1_ms) = key.policy().l1_ms() else {
            return;
        };
        let until_ms = confirmed.at_ms.saturating_add(l1_ms).min(confirmed.fresh_until_ms);
        let weight = weight::<V>(key.name(), encoded);
        let stamp = confirmed.stamp;
        let copy = Copy { value, stamp, until_ms, weight };
        self.copies.insert(Arc::clone(key.name()), copy);
    }

    /// Frees the copy of a key; its stamp has already outdated it.
    pub(crate) fn drop_copy(&self, key: &AnyKey) {
        self.copies.invalidate(key.name());
    }

    /// Entries and their bytes, after the evictions that are due.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.copies.run_pending_tasks();
        (self.copies.entry_count(), self.copies.weighted_size())
    }
}

/// Twice the encoded length stands for headers and slack of what lies on the heap.
fn weight<V>(name: &str, encoded: usize) -> u32 {
    let bytes = OVERHEAD + name.len() + size_of::<V>() + 2 * encoded;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
