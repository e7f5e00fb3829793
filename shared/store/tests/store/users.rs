//! What a profile leaves in the table, and in the cache when a writer dies.

use domain::{Email, Error, PersonName, Version};
use local::testing::{Database, Redis};
use store::{Person, Store};

use crate::shop::{Shop, key, open, user};

fn person(name: &str) -> Person {
    let (name, email) = (PersonName::new(name), Email::new("someone@example.com"));
    Person { name: name.expect("a name"), email: email.expect("an email") }
}

/// Reads until the cache answers, so that there is something to forget: one
/// that is slow to connect keeps nothing yet.
async fn cached<T>(store: &Store, read: &impl AsyncFn() -> T) {
    let before = store.cache().counters().l2_hits;
    while store.cache().counters().l2_hits == before {
        read().await;
    }
}

#[tokio::test]
async fn a_profile_is_one_item_in_its_users_partition() {
    let shop = Shop::open().await;
    for id in ["alice", "alice#PROFILE"] {
        shop.store.create_profile(&user(id), person("Alice")).await.expect("created");
    }
    shop.store.edit_profile(&user("alice"), Version::FIRST, person("Alicia")).await.expect("edited");
    assert_eq!(shop.keys().await, ["USER#alice | PROFILE", "USER#alice%23PROFILE | PROFILE"]);
    let items = shop.items().await;
    let edited = items.values().find(|item| key(item) == "USER#alice | PROFILE").expect("the profile");
    assert_eq!(edited["version"].as_n().expect("a number"), "2");
    assert_eq!(edited["name"].as_s().expect("text"), "Alicia");
}

#[tokio::test]
async fn a_write_that_is_repeated_after_a_crash_makes_the_cache_forget() {
    let (database, redis) = (Database::memory().await, Redis::start().await);
    let ((_, here), (_, dying)) = (open(&database, Some(&redis)), open(&database, None));
    let alice = user("alice");
    let seen = async || here.profile(&alice).await.map(|profile| profile.name.as_str().to_owned());
    cached(&here, &seen).await;

    dying.create_profile(&alice, person("Alice")).await.expect("committed, and no cache was told");
    let repeated = here.create_profile(&alice, person("Alice")).await;
    assert!(matches!(repeated, Err(Error::Taken(_))));
    assert_eq!(seen().await.expect("found"), "Alice");
    cached(&here, &seen).await;

    dying
        .edit_profile(&alice, Version::FIRST, person("Bea"))
        .await
        .expect("committed, and no cache was told");
    let repeated = here.edit_profile(&alice, Version::FIRST, person("Bea")).await;
    assert!(matches!(repeated, Err(Error::Stale { current }) if current == Version::new(2)));
    assert_eq!(seen().await.expect("found"), "Bea");
}
