//! `/api/users/me`: created, shown, replaced.

use serde_json::json;

use crate::shop::{Shop, named};

#[tokio::test]
async fn there_is_no_profile_until_its_user_writes_one() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    let missing = alice.get().await;
    missing.problem(404);
    assert_eq!(missing.body["detail"], "there is no such profile");

    let created = alice.create(&json!({"name": " Alice ", "email": "alice@example.com"})).await;
    let profile = json!({"id": "alice", "name": "Alice", "email": "alice@example.com", "version": 1});
    assert_eq!((created.status, &created.body), (201, &profile));
    let shown = alice.get().await;
    assert_eq!((shown.status, &shown.body), (200, &profile));
    assert_eq!(shown.headers["etag"], "\"1\"");
    assert_eq!(shown.headers["cache-control"], "private, no-cache");
}

#[tokio::test]
async fn a_change_takes_the_version_that_was_shown() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    alice.create(&named("Alice")).await;
    let tag = alice.get().await.headers["etag"].to_str().expect("ASCII").to_owned();
    let changed = alice.edit(&tag, &named("Alicia")).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!((&changed.body["name"], &changed.body["version"]), (&json!("Alicia"), &json!(2)));
    let shown = alice.get().await;
    assert_eq!((shown.body, &shown.headers["etag"]), (changed.body, &"\"2\"".parse().expect("a tag")));
}

#[tokio::test]
async fn a_stale_version_is_412_and_changes_nothing() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    alice.create(&named("Alice")).await;
    alice.edit("\"1\"", &named("Alicia")).await;
    for stale in ["\"1\"", "\"0\"", "\"3\"", "\"18446744073709551615\"", "\"alice\""] {
        alice.edit(stale, &named("Eve")).await.problem(412);
    }
    assert_eq!(alice.get().await.body["name"], "Alicia");
}

#[tokio::test]
async fn a_change_without_a_version_is_428_and_changes_nothing() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    alice.create(&named("Alice")).await;
    alice.create(&named("Eve")).await.problem(428);
    assert_eq!(alice.get().await.body["name"], "Alice");
}

#[tokio::test]
async fn a_first_profile_meets_no_condition() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    for version in ["\"0\"", "\"1\""] {
        alice.edit(version, &named("Alice")).await.problem(412);
    }
    alice.get().await.problem(404);
}

#[tokio::test]
async fn a_write_that_is_repeated_happens_once() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    alice.create(&named("Alice")).await;
    alice.create(&named("Alice")).await.problem(428);
    assert_eq!(alice.get().await.body["version"], 1);
    alice.edit("\"1\"", &named("Alicia")).await;
    alice.edit("\"1\"", &named("Alicia")).await.problem(412);
    assert_eq!(alice.get().await.body["version"], 2);
}

#[tokio::test]
async fn of_many_writes_at_once_one_wins() {
    let shop = Shop::open().await;
    let alice = shop.user("alice");
    let bodies: Vec<_> = (0..8).map(|n| named(&format!("Alice {n}"))).collect();
    let created = futures::future::join_all(bodies.iter().map(|body| alice.create(body))).await;
    assert_eq!(statuses(&created), [201, 428, 428, 428, 428, 428, 428, 428]);
    let edited = futures::future::join_all(bodies.iter().map(|body| alice.edit("\"1\"", body))).await;
    assert_eq!(statuses(&edited), [200, 412, 412, 412, 412, 412, 412, 412]);
    let winner = edited.iter().find(|answer| answer.status == 200).expect("one");
    assert_eq!(alice.get().await.body, winner.body);
}

fn statuses(answers: &[crate::shop::Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}
