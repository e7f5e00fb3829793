//! Two releases share one cache, as long as callers go from the one to the other.

use cache::{Kind, Policy};

use crate::redis_server::RedisServer;
use crate::stage::{FRESH, L2_ONLY, Truth, process};

/// What `L2_ONLY` has become in the next release, which writes its values otherwise.
const NEXT: Kind<u64> = Kind::new("l2only", 2, Policy { fresh: FRESH, ..Policy::PLAIN });

#[tokio::test]
async fn what_another_release_stored_is_a_miss() {
    let server = RedisServer::start();
    let (old, new, truth) = (process(&server), process(&server), Truth::of(1));
    truth.read_until_cached(&old, &L2_ONLY.key("a")).await;
    let before = truth.loads();
    assert_eq!(truth.read(&new, &NEXT.key("a")).await, 1);
    assert_eq!(truth.loads(), before + 1);
}

#[tokio::test]
async fn each_release_hears_of_what_the_other_wrote() {
    let server = RedisServer::start();
    let (old, new, truth) = (process(&server), process(&server), Truth::of(1));
    let (before, after) = (L2_ONLY.key("a"), NEXT.key("a"));
    truth.read_until_cached(&new, &after).await;
    truth.write(2);
    assert!(old.invalidate(&[before.erase()], &[]).await);
    assert_eq!(truth.read(&new, &after).await, 2);
    truth.read_until_cached(&old, &before).await;
    truth.write(3);
    assert!(new.invalidate(&[after.erase()], &[]).await);
    assert_eq!(truth.read(&old, &before).await, 3);
}
