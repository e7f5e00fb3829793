//! Keys, tags and invalidations in slots of different nodes.

use std::sync::Arc;

use cache::{Key, Tag};

use crate::cluster_server::Cluster;
use crate::stage::{Broken, L2_ONLY, Truth, process};

#[tokio::test]
async fn an_invalidation_by_key_or_tag_reaches_every_slot_and_process() {
    let cluster = Cluster::start();
    let (here, there) = (process(&cluster).await, process(&cluster).await);
    let truth = Truth::of(1);
    for i in 0..30 {
        let tag = Tag::new("category", i.to_string());
        let key = L2_ONLY.key(i.to_string()).tagged(tag.clone());
        for (old, keys, tags) in [(1, vec![key.erase()], vec![]), (2, vec![], vec![tag])] {
            truth.write(old);
            truth.read(&here, &key).await;
            assert!(truth.is_cached(&there, &key).await);
            truth.write(old + 1);
            assert!(there.invalidate(&keys, &tags).await);
            assert_eq!(truth.read(&here, &key).await, old + 1);
            assert!(truth.is_cached(&there, &key).await);
            assert!(here.invalidate(&[key.erase()], &[]).await);
        }
    }
    assert_eq!((here.counters().l2_errors, there.counters().l2_errors), (0, 0));
}

#[tokio::test]
async fn many_keys_of_all_slots_come_from_l2_in_their_order() {
    let cluster = Cluster::start();
    let (here, there) = (process(&cluster).await, process(&cluster).await);
    let keys: Vec<Key<u64>> = (0..200).map(|i| L2_ONLY.key(format!("{i}"))).collect();
    let load = |wanted: Vec<usize>| async move { Ok(wanted.into_iter().map(|i| Some(i as u64)).collect()) };
    let unneeded = |_: Vec<usize>| async { Err(Broken) };
    let expected: Vec<_> = (0..200).map(|i| Some(Arc::new(i))).collect();
    assert_eq!(here.get_many::<u64, Broken, _, _>(&keys, load).await.as_ref(), Ok(&expected));
    assert_eq!(there.get_many(&keys, unneeded).await, Ok(expected));
    assert_eq!(there.counters().l2_hits, 200);
}

#[tokio::test]
async fn what_a_writer_leaves_is_read_in_every_process() {
    let cluster = Cluster::start();
    let (here, there) = (process(&cluster).await, process(&cluster).await);
    for i in 0..30 {
        let tag = Tag::new("category", i.to_string());
        let key = L2_ONLY.key(i.to_string()).tagged(tag);
        let ticket = here.ticket(&key).await;
        assert!(here.put(ticket, Some(&i)).await);
        assert_eq!(there.get(&key).await, Some(Arc::new(i)));
        let overtaken = here.ticket(&key).await;
        assert!(there.invalidate(&[key.erase()], &[]).await);
        assert!(here.put(overtaken, Some(&i)).await);
        assert_eq!(there.get(&key).await, None, "nobody knows which is newer");
    }
}
