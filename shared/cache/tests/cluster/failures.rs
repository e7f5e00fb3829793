//! One of three nodes dead or hung: its slots are loaded, the others' are not.

use std::time::{Duration, Instant};

use cache::{Cache, Key};

use crate::cluster_server::Cluster;
use crate::stage::{Truth, cache};

/// The node that fails; the cache connects by another one.
const FAILING: usize = 2;

/// A cluster, a cache with the deadlines of production that is connected to
/// every node of it, and a key of each.
async fn scene() -> (Cluster, Cache, Vec<Key<u64>>) {
    let cluster = Cluster::start();
    let cache = cache(cluster.config());
    let keys = cluster.a_key_on_each();
    for key in &keys {
        Truth::of(1).read_until_cached(&cache, key).await;
    }
    (cluster, cache, keys)
}

/// Reads keys of the failing node, which the loader answers, and one of another.
async fn read_some(cluster: &Cluster, cache: &Cache, alive: &Key<u64>) {
    let truth = Truth::of(1);
    for key in cluster.keys_on(FAILING) {
        assert_eq!(truth.read(cache, &key).await, 1);
    }
    truth.read_until_cached(cache, alive).await;
}

#[tokio::test]
async fn a_dead_nodes_slots_are_loaded_until_it_is_back_and_the_others_are_not() {
    let (mut cluster, cache, keys) = scene().await;
    cluster.nodes[FAILING].kill();
    read_some(&cluster, &cache, &keys[0]).await;
    cluster.nodes[FAILING].restart();
    for key in &keys {
        Truth::of(1).read_until_cached(&cache, key).await;
    }
}

#[tokio::test]
async fn a_hung_nodes_slots_are_loaded_until_it_is_back_and_the_others_are_not() {
    let (cluster, cache, keys) = scene().await;
    cluster.nodes[FAILING].hang();
    read_some(&cluster, &cache, &keys[0]).await;
    cluster.nodes[FAILING].resume();
    for key in &keys {
        Truth::of(1).read_until_cached(&cache, key).await;
    }
}

#[tokio::test]
async fn a_dead_nodes_replica_is_used_once_promoted() {
    let (mut cluster, cache, keys) = scene().await;
    cluster.add_replica(FAILING);
    cluster.nodes[FAILING].kill();
    is_promoted(&cluster, &cache, &keys).await;
}

#[tokio::test]
async fn a_hung_nodes_replica_is_used_once_promoted() {
    let (mut cluster, cache, keys) = scene().await;
    cluster.add_replica(FAILING);
    cluster.nodes[FAILING].hang();
    is_promoted(&cluster, &cache, &keys).await;
}

/// An invalidation that nobody took at first reaches the new primary, and from
/// then on all is as it was.
async fn is_promoted(cluster: &Cluster, cache: &Cache, keys: &[Key<u64>]) {
    let truth = Truth::of(2);
    assert!(!cache.invalidate(&[keys[FAILING].erase()], &[]).await);
    let since = Instant::now();
    while !cluster.nodes[3].is_primary() {
        assert!(since.elapsed() < Duration::from_secs(30), "nobody was promoted");
        assert_eq!(truth.read(cache, &keys[FAILING]).await, 2);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    truth.read_until_cached(cache, &keys[FAILING]).await;
    assert_eq!(truth.read(cache, &keys[FAILING]).await, 2);
    for key in keys {
        truth.read_until_cached(cache, key).await;
    }
}
