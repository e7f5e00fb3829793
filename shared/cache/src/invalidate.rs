//! Dropping what a write has outdated.

use crate::key::{AnyKey, Tag};
use crate::{Cache, Shared};

impl Cache {
    /// Drops entries and all that carry these tags, in every tier; to be called
    /// after the write that outdates them and before the write is acknowledged.
    ///
    /// Once this returns, no read that begins in this process sees an older
    /// value, whether L2 acknowledged or not. If it did (`true`; also if there is
    /// no L2), reads that begin in other processes do so only within the L1
    /// seconds of the kind's policy. If not (`false`), this process repeats the
    /// invalidation until L2 acknowledges and reads nothing from L2 until then;
    /// other processes may serve the old value for its time to live, so who can
    /// repeat the call from a record of all writes should.
    ///
    /// It takes one round trip, and goes on if the caller goes away.
    pub async fn invalidate(&self, keys: &[AnyKey], tags: &[Tag]) -> bool {
        let task = {
            let (shared, keys, tags) = (self.shared.clone(), keys.to_vec(), tags.to_vec());
            shared.outdate(&keys, &tags);
            async move { shared.invalidate(&keys, &tags).await }
        };
        // A task fails only when its runtime is being shut down.
        tokio::spawn(task).await.unwrap_or(false)
    }
}

impl Shared {
    /// Outdates what is here before L2 is asked, so that no reader waits for that
    /// with an old copy, and again after: a reader may have found the old value
    /// in L2 in between and have kept it here.
    async fn invalidate(&self, keys: &[AnyKey], tags: &[Tag]) -> bool {
        let acknowledged = match &self.l2 {
            Some(l2) => l2.invalidate(keys, tags).await,
            None => true,
        };
        self.outdate(keys, tags);
        self.tally.invalidations.add(1);
        self.tally.unacknowledged.add(usize::from(!acknowledged));
        acknowledged
    }

    fn outdate(&self, keys: &[AnyKey], tags: &[Tag]) {
        for key in keys {
            self.generations.raise(key.hash());
            self.l1.drop_copy(key);
        }
        for tag in tags {
            self.generations.raise(tag.hash());
        }
    }
}
