//! One of three nodes dead or hung: its slots are loaded, the others' are not.

use std::time::{Duration, Instant};

use cache::{Cache, Key, PingError};
use futures::future::join_all;

use crate::cluster_server::Cluster;
use crate::node::Node;
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
async fn a_hung_node_delays_a_few_reads_and_not_each() {
    let (cluster, cache, keys) = scene().await;
    let failing: Vec<Key<u64>> = cluster.keys_on(FAILING).collect();
    cluster.nodes[FAILING].hang();
    let since = Instant::now();
    let (truth, mut cached) = (Truth::of(1), 0);
    for key in failing.iter().cycle().take(1_000) {
        assert_eq!(truth.read(&cache, key).await, 1);
        cached += u64::from(truth.is_cached(&cache, &keys[0]).await);
    }
    // Each waiting for its deadline would be 50 s and more.
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    // A busy machine misses some deadlines, and is then given a pause.
    assert!(cached > 300, "{cached} of 1,000 reads of another node's key came from L2");
}

#[tokio::test]
async fn many_callers_at_a_dead_node_leave_the_others_cached() {
    let (mut cluster, cache, keys) = scene().await;
    let failing: Vec<Key<u64>> = cluster.keys_on(FAILING).collect();
    cluster.nodes[FAILING].kill();
    let (there, here) = (Truth::of(1), Truth::of(1));
    let mut cached = 0;
    for _ in 0..30 {
        join_all(failing.iter().take(20).map(|key| there.read(&cache, key))).await;
        cached += u64::from(here.is_cached(&cache, &keys[0]).await);
    }
    assert!(cached > 5, "{cached} of 30 reads of another node's key came from L2");
}

#[tokio::test]
async fn a_dead_nodes_replica_is_used_once_promoted() {
    let (mut cluster, cache, keys) = scene().await;
    cluster.add_replica(FAILING);
    cluster.nodes[FAILING].kill();
    let truth = Truth::of(2);
    assert!(!cache.invalidate(&[keys[FAILING].erase()], &[]).await);
    until_promoted(&cluster, &cache, &truth, &keys[FAILING]).await;
    truth.read_until_cached(&cache, &keys[FAILING]).await;
    assert_eq!(truth.read(&cache, &keys[FAILING]).await, 2);
}

#[tokio::test]
async fn a_hung_nodes_replica_is_used_once_promoted() {
    let (mut cluster, cache, keys) = scene().await;
    cluster.add_replica(FAILING);
    cluster.nodes[FAILING].hang();
    let truth = Truth::of(1);
    until_promoted(&cluster, &cache, &truth, &keys[FAILING]).await;
    for key in keys.iter().cycle().take(9) {
        truth.read_until_cached(&cache, key).await;
    }
}

/// Reads the failed node's key, and others too, until its replica is a primary.
async fn until_promoted(cluster: &Cluster, cache: &Cache, truth: &Truth, key: &Key<u64>) {
    let since = Instant::now();
    while !cluster.nodes[3].is_primary() {
        assert!(since.elapsed() < Duration::from_secs(30), "nobody was promoted");
        assert_eq!(truth.read(cache, key).await, truth.value());
        for other in cluster.a_key_on_each() {
            truth.read(cache, &other).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_cluster_that_was_dead_altogether_is_used_again() {
    let (mut cluster, cache, keys) = scene().await;
    cluster.nodes.iter_mut().for_each(Node::kill);
    let truth = Truth::of(1);
    for _ in 0..200 {
        for key in &keys {
            assert_eq!(truth.read(&cache, key).await, 1);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(matches!(cache.ping().await, Err(PingError::Unreachable { .. })));
    cluster.nodes.iter_mut().for_each(Node::restart);
    for key in &keys {
        truth.read_until_cached(&cache, key).await;
    }
}
