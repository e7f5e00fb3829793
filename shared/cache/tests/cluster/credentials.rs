//! Passwords that change while a cache is connected, and wrong ones.

use std::sync::{Arc, Mutex};

use cache::{Cache, Config, PingError};

use crate::cluster_server::{Cluster, login, reach};
use crate::node::{Node, PASSWORD};
use crate::stage::{L2_ONLY, Truth, cache};

#[tokio::test]
async fn a_cluster_is_used_again_after_its_password_has_changed() {
    let cluster = Cluster::start();
    let password = Arc::new(Mutex::new(PASSWORD));
    let cache = cache(Config { credentials: Some(login(&password)), ..cluster.config() });
    let truth = Truth::of(1);
    let keys = cluster.a_key_on_each();
    for (next, broken) in [("second", &cluster.nodes[..]), ("third", &cluster.nodes[1..2])] {
        for key in &keys {
            truth.read_until_cached(&cache, key).await;
        }
        for node in &cluster.nodes {
            node.change_password(next);
        }
        *password.lock().expect("no panic") = next;
        broken.iter().for_each(Node::disconnect);
        assert_eq!(truth.read(&cache, &keys[1]).await, 1);
    }
    for key in &keys {
        truth.read_until_cached(&cache, key).await;
    }
}

#[tokio::test]
async fn a_single_server_is_used_again_after_its_password_has_changed() {
    let server = Node::alone();
    let password = Arc::new(Mutex::new(PASSWORD));
    let cache = cache(Config { credentials: Some(login(&password)), ..reach(&server) });
    let (key, truth) = (L2_ONLY.key("a"), Truth::of(1));
    truth.read_until_cached(&cache, &key).await;
    server.change_password("second");
    *password.lock().expect("no panic") = "second";
    server.disconnect();
    truth.read_until_cached(&cache, &key).await;
}

#[tokio::test]
async fn with_a_wrong_password_the_loader_answers_until_it_is_put_right() {
    let cluster = Cluster::start();
    let password = Arc::new(Mutex::new("wrong"));
    let cache = cache(Config { credentials: Some(login(&password)), ..cluster.config() });
    is_kept_out(&cache).await;
    *password.lock().expect("no panic") = PASSWORD;
    for key in cluster.a_key_on_each() {
        Truth::of(1).read_until_cached(&cache, &key).await;
    }
}

#[tokio::test]
async fn a_password_that_turns_wrong_keeps_the_loader_busy_until_it_is_put_right() {
    let cluster = Cluster::start();
    let cache = cache(cluster.config());
    let (keys, truth) = (cluster.a_key_on_each(), Truth::of(1));
    for key in &keys {
        truth.read_until_cached(&cache, key).await;
    }
    for node in &cluster.nodes {
        node.change_password("another");
        node.disconnect();
    }
    is_kept_out(&cache).await;
    cluster.nodes.iter().for_each(|node| node.change_password(PASSWORD));
    for key in &keys {
        truth.read_until_cached(&cache, key).await;
    }
}

async fn is_kept_out(cache: &Cache) {
    let truth = Truth::of(1);
    for i in 1..=100 {
        assert_eq!(truth.read(cache, &L2_ONLY.key(format!("kept-out-{i}"))).await, 1);
    }
    assert_eq!(truth.loads(), 100);
    assert!(matches!(cache.ping().await, Err(PingError::Unreachable { .. })));
}
