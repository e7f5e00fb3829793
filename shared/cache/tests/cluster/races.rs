//! A load that an invalidation by another process overtakes, in every node's slots.

use std::sync::Arc;

use cache::{Cache, Key, Tag};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::cluster_server::Cluster;
use crate::stage::{Broken, Truth, process};

/// A read whose load has the truth of this moment in hand and does not let go of
/// it before the gate opens.
async fn slow_read(cache: &Cache, key: &Key<u64>, truth: &Truth, gate: &Arc<Semaphore>) -> JoinHandle<()> {
    let before = truth.loads();
    let (cache, key) = (cache.clone(), key.clone());
    let load = {
        let (truth, gate) = (truth.clone(), Arc::clone(gate));
        || async move {
            let value = truth.load();
            let _open = gate.acquire().await.expect("never closed");
            Ok::<_, Broken>(Some(value))
        }
    };
    let read = tokio::spawn(async move {
        cache.get_or_load(&key, load).await.expect("it loads");
    });
    while truth.loads() == before {
        tokio::task::yield_now().await;
    }
    read
}

#[tokio::test]
async fn a_load_that_another_process_overtakes_is_not_kept() {
    let cluster = Cluster::start();
    let (here, there) = (process(&cluster).await, process(&cluster).await);
    for (i, key) in cluster.a_key_on_each().into_iter().cycle().take(12).enumerate() {
        let tag = Tag::new("category", i.to_string());
        let key = key.tagged(tag.clone());
        for (keys, tags) in [(vec![key.erase()], vec![]), (vec![], vec![tag])] {
            let (gate, truth) = (Arc::new(Semaphore::new(0)), Truth::of(1));
            let old = slow_read(&here, &key, &truth, &gate).await;
            truth.write(2);
            assert!(there.invalidate(&keys, &tags).await);
            gate.add_permits(1);
            old.await.expect("no panic");
            for cache in [&there, &here] {
                assert_eq!(truth.read(cache, &key).await, 2);
            }
            assert_eq!(truth.loads(), 2);
            assert!(there.invalidate(&[key.erase()], &[]).await);
        }
    }
}
