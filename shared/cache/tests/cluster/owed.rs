//! Invalidations that some node has not taken yet.

use std::time::Duration;

use cache::{Config, Key};

use crate::cluster_server::Cluster;
use crate::stage::{L2_ONLY, Truth, cache, process};

#[tokio::test]
async fn too_many_owed_invalidations_drop_the_entries_of_every_node() {
    let cluster = Cluster::start();
    let here = cache(Config { owed_limit: 5, ..cluster.patient() });
    let there = process(&cluster).await;
    let truth = Truth::of(1);
    let keys: Vec<Key<u64>> = (0..300).map(|i| L2_ONLY.key(format!("{i}"))).collect();
    truth.read_until_cached(&here, &keys[0]).await;
    for key in &keys {
        truth.read(&there, key).await;
    }
    cluster.nodes.iter().for_each(|node| node.permit_unlink(false));
    truth.write(2);
    for key in &keys[..10] {
        assert!(!here.invalidate(&[key.erase()], &[]).await);
    }
    assert_eq!(truth.read(&there, &keys[0]).await, 1, "still in L2");
    cluster.nodes.iter().for_each(|node| node.permit_unlink(true));
    truth.read_until_cached(&here, &keys[0]).await;
    for key in &keys {
        assert_eq!(truth.read(&there, key).await, 2);
    }
}

#[tokio::test]
async fn what_one_node_did_not_take_is_owed_until_it_has() {
    let cluster = Cluster::start();
    let (here, there) = (cache(cluster.config()), process(&cluster).await);
    let (keys, truth) = (cluster.a_key_on_each(), Truth::of(1));
    for key in &keys {
        truth.read_until_cached(&here, key).await;
    }
    let (first, last) = (&cluster.nodes[0], &cluster.nodes[2]);
    for node in [first, last] {
        node.permit_unlink(false);
    }
    truth.write(2);
    let erased: Vec<_> = keys.iter().map(Key::erase).collect();
    assert!(!here.invalidate(&erased, &[]).await);
    last.hang();
    first.permit_unlink(true);
    // Time to pay, in which what the first node takes now is not all there is.
    tokio::time::sleep(Duration::from_secs(2)).await;
    last.resume();
    for _ in 0..100 {
        assert_eq!(truth.read(&here, &keys[2]).await, 2);
    }
    last.permit_unlink(true);
    truth.read_until_cached(&here, &keys[2]).await;
    for key in &keys {
        assert_eq!(truth.read(&there, key).await, 2, "paid before anything was read");
    }
}

#[tokio::test]
async fn a_patient_invalidation_waits_for_the_node_that_did_not_take_it() {
    let cluster = Cluster::start();
    let (here, there) = (cache(cluster.config()), process(&cluster).await);
    let (keys, truth) = (cluster.a_key_on_each(), Truth::of(1));
    for key in &keys {
        truth.read_until_cached(&here, key).await;
    }
    cluster.nodes[2].permit_unlink(false);
    truth.write(2);
    let erased: Vec<_> = keys.iter().map(Key::erase).collect();
    assert!(!here.invalidate_patiently(&erased, &[], Duration::from_millis(100)).await);
    cluster.nodes[2].permit_unlink(true);
    assert!(here.invalidate_patiently(&erased, &[], Duration::from_mins(1)).await);
    for key in &keys {
        assert_eq!(truth.read(&there, key).await, 2);
    }
}
