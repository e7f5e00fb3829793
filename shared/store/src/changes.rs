//! What the cache has to forget of each change of the table, as its stream
//! tells it: the second telling, for writers that were cut off between their
//! commit and their own.

use std::collections::HashSet;
use std::time::Duration;

use cache::{AnyKey, Tag};
use domain::{Error, Result};
use retry::deadline;
use tokio::time::Instant;

use crate::item::{Item, key_of};
use crate::keys::Key;
use crate::{Store, carts, catalogue, orders, users};

/// Names that are to be forgotten in one round trip, which has a short deadline.
const AT_ONCE: usize = 200;
/// How long the cache may take to acknowledge: it may have to be connected to anew.
const PATIENCE: Duration = Duration::from_secs(5);

const RECORD: &str = "stream record";

/// A change of one item: what it was, and what it is now.
#[derive(Clone, Debug)]
pub struct TableChange {
    pub(crate) key: Key,
    pub(crate) old: Option<Item>,
    pub(crate) new: Option<Item>,
}

/// What is to be forgotten.
#[derive(Debug, Default)]
pub(crate) struct Outdated {
    pub(crate) keys: Vec<AnyKey>,
    pub(crate) tags: Vec<Tag>,
}

impl TableChange {
    /// A change from and to these images.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when no image tells which item it is of.
    pub fn new(old: Option<serde_dynamo::Item>, new: Option<serde_dynamo::Item>) -> Result<Self> {
        let [old, new] = [old, new].map(|image| image.map(Item::from));
        let image = new.as_ref().or(old.as_ref());
        let image = image.ok_or_else(|| Error::corrupt(RECORD, "it has no image"))?;
        Ok(Self { key: key_of(RECORD, image)?, old, new })
    }

    /// The item as it is now; nothing if it is gone.
    pub fn into_new(self) -> Option<Item> {
        self.new
    }

    fn outdated(&self) -> Result<Outdated> {
        match self.key.pk.split_once('#').map(|(kind, _)| kind) {
            Some("PRODUCT") => Ok(catalogue::outdated(self)),
            Some("ORDER") => orders::outdated(self),
            Some("USER") => Ok(match self.key.sk.as_str() {
                "PROFILE" => users::outdated(&self.key),
                "CART" => carts::outdated(&self.key),
                _ => Outdated::default(),
            }),
            _ => Ok(Outdated::default()),
        }
    }
}

impl Store {
    /// Makes the cache forget what these changes have outdated; says whether it
    /// acknowledged, and else is to be called again, for as long as it takes.
    pub async fn forget_changes(&self, changes: &[TableChange]) -> bool {
        let mut outdated = Outdated::default();
        for change in changes {
            match change.outdated() {
                Ok(more) => outdated.add(more),
                // It will not be readable the next time either.
                Err(error) => {
                    let (item, error) = (&change.key.pk, &error as &dyn std::error::Error);
                    tracing::error!(item, error, "the cache cannot be told of a change");
                }
            }
        }
        let Outdated { keys, tags } = outdated.once();
        let patience = deadline::at_most(PATIENCE);
        for keys in keys.chunks(AT_ONCE) {
            if !self.forget_by(patience, keys, &[]).await {
                return false;
            }
        }
        for tags in tags.chunks(AT_ONCE) {
            if !self.forget_by(patience, &[], tags).await {
                return false;
            }
        }
        true
    }

    async fn forget_by(&self, end: Instant, keys: &[AnyKey], tags: &[Tag]) -> bool {
        let patience = end.saturating_duration_since(Instant::now());
        self.cache.invalidate_patiently(keys, tags, patience).await
    }
}

impl Outdated {
    fn add(&mut self, more: Self) {
        self.keys.extend(more.keys);
        self.tags.extend(more.tags);
    }

    /// Each name once: a batch of the stream tells of the same ones often.
    fn once(self) -> Self {
        let (mut keys, mut tags) = (HashSet::new(), HashSet::new());
        Self {
            keys: self.keys.into_iter().filter(|key| keys.insert(key.clone())).collect(),
            tags: self.tags.into_iter().filter(|tag| tags.insert(tag.clone())).collect(),
        }
    }
}
