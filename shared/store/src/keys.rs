//! The keys of the table, in one place.
//!
//! Parts are joined by `#`, so a part that comes from outside has its `#`
//! encoded: no value can reach into another's partition.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::{Category, Driver, EventId, EventKey, IdempotencyKey, Name, OrderId, ProductId, UserId};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// The primary key of one item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// The partition key.
    pub(crate) pk: String,
    /// The sort key.
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }
}

/// A key that no item has: what health asks for.
pub(crate) fn health() -> Key {
    Key::new("HEALTH", "PROBE")
}

/// The product itself.
pub(crate) fn product(id: &ProductId) -> Key {
    Key::new(format!("PRODUCT#{id}"), "PRODUCT")
}

/// A product's stock.
pub(crate) fn stock(id: &ProductId) -> Key {
    Key::new(format!("PRODUCT#{id}"), "STOCK")
}

/// A product's price.
pub(crate) fn price(id: &ProductId) -> Key {
    Key::new(format!("PRODUCT#{id}"), "PRICE")
}

/// The partition that lists a category.
pub(crate) fn category_partition(category: &Category) -> String {
    format!("CATEGORY#{}", encoded(category.as_str()))
}

/// A product's place in its category: by name, then by id.
pub(crate) fn category_entry(category: &Category, name: &Name, id: &ProductId) -> Key {
    let sk = format!("{}#{id}", encoded(&name.as_str().to_lowercase()));
    Key::new(category_partition(category), sk)
}

/// Shards of the list of everything: enough that the writes of an import do
/// not meet in one partition, few enough that a walk meets few empty ones.
pub(crate) const CATALOGUE_SHARDS: u8 = 8;

/// The partition that lists one shard of everything.
pub(crate) fn catalogue_partition(shard: u8) -> String {
    format!("CATALOGUE#{shard}")
}

/// A product's place in the list of everything.
pub(crate) fn catalogue_entry(id: &ProductId) -> Key {
    let shard = Sha256::digest(id.as_str())[0] % CATALOGUE_SHARDS;
    Key::new(catalogue_partition(shard), id.as_str())
}

/// The partition of a search term: by its first two characters, so that
/// partitions stay small and a prefix of two characters or more stays in one.
pub(crate) fn term_partition(term: &str) -> String {
    format!("TERM#{}", term.chars().take(2).collect::<String>())
}

/// A product's entry under a search term. Terms are letters and digits only.
pub(crate) fn term_entry(term: &str, id: &ProductId) -> Key {
    Key::new(term_partition(term), format!("{term}#{id}"))
}

/// Where a search reads: a partition, and how the sort keys begin there.
pub(crate) fn term_range(driver: Driver<'_>) -> Key {
    match driver {
        Driver::Word(word) => Key::new(term_partition(word), format!("{word}#")),
        Driver::Prefix(prefix) => Key::new(term_partition(prefix), prefix),
    }
}

/// The partition of all that is a user's own.
pub(crate) fn user_partition(user: &UserId) -> String {
    format!("USER#{}", encoded(user.as_str()))
}

/// Whose partition this is.
pub(crate) fn user_of(key: &Key) -> Option<UserId> {
    let user = key.pk.strip_prefix("USER#")?.replace("%23", "#").replace("%25", "%");
    UserId::new(&user).ok()
}

/// What a user says of herself.
pub(crate) fn profile(user: &UserId) -> Key {
    Key::new(user_partition(user), "PROFILE")
}

/// What a user means to buy.
pub(crate) fn cart(user: &UserId) -> Key {
    Key::new(user_partition(user), "CART")
}

/// An order.
pub(crate) fn order(id: &OrderId) -> Key {
    Key::new(format!("ORDER#{id}"), "ORDER")
}

/// The payment of an order.
pub(crate) fn payment(order: &OrderId) -> Key {
    Key::new(format!("ORDER#{order}"), "PAYMENT")
}

/// How the sort keys of a user's orders begin.
pub(crate) const ORDER_ENTRY: &str = "ORDER#";

/// An order's place in its user's list: by when it was placed, then by id.
pub(crate) fn order_entry(user: &UserId, created: Timestamp, id: &OrderId) -> Key {
    Key::new(user_partition(user), format!("{ORDER_ENTRY}{}#{id}", sortable(created)))
}

/// How the partitions of webhook events begin.
const WEBHOOK: &str = "WEBHOOK#";

/// A webhook event as it was kept.
pub(crate) fn event(event: &EventKey) -> Key {
    Key::new(format!("{WEBHOOK}{}#{}", event.provider, event.id), "EVENT")
}

/// Which event this is the key of, if it is one's.
pub(crate) fn event_of(key: &Key) -> Option<EventKey> {
    let (provider, id) = key.pk.strip_prefix(WEBHOOK)?.split_once('#')?;
    Some(EventKey { provider: provider.parse().ok()?, id: EventId::new(id).ok()? })
}

/// Shards of each list in the sparse index: one partition takes 1,000 writes a
/// second, and every order and every event is written there twice.
pub(crate) const INDEX_SHARDS: u8 = 8;

/// The partition of the index that lists one shard of the unpaid orders.
pub(crate) fn unpaid_partition(shard: u8) -> String {
    format!("UNPAID#{shard}")
}

/// An unpaid order's place in the index: by when it expires, then by id.
pub(crate) fn unpaid(id: &OrderId, pay_by: Timestamp) -> Key {
    Key::new(unpaid_partition(index_shard(id.as_str())), format!("{}#{id}", sortable(pay_by)))
}

/// The partition of the index that lists one shard of the events that nothing
/// is decided about yet.
pub(crate) fn undecided_partition(shard: u8) -> String {
    format!("INBOX#{shard}")
}

/// An undecided event's place in the index: by when it came, then by name.
pub(crate) fn undecided(event: &EventKey, received_at: Timestamp) -> Key {
    let name = event.to_string();
    Key::new(undecided_partition(index_shard(&name)), format!("{}#{name}", sortable(received_at)))
}

/// The partition of the index that lists one shard of the events that failed.
pub(crate) fn failed_partition(shard: u8) -> String {
    format!("FAILED#{shard}")
}

/// A failed event's place in the index: by when it failed, then by name.
pub(crate) fn failed(event: &EventKey, at: Timestamp) -> Key {
    let name = event.to_string();
    Key::new(failed_partition(index_shard(&name)), format!("{}#{name}", sortable(at)))
}

/// The last place in a list of the index of what was due by this time.
pub(crate) fn due_until(time: Timestamp) -> String {
    format!("{}$", sortable(time)) // `$` comes right after `#`
}

fn index_shard(name: &str) -> u8 {
    Sha256::digest(name)[0] % INDEX_SHARDS
}

/// A time so that texts have its order, to the year 9999: in milliseconds.
fn sortable(time: Timestamp) -> String {
    format!("{:015}", time.as_millisecond())
}

/// The record of a caller's idempotency key. Hashed, so that neither the
/// caller nor the key can shape it, and neither stands in the table.
pub(crate) fn idempotency(user: &UserId, key: &IdempotencyKey) -> Key {
    let user = user.as_str();
    let mut hash = Sha256::new();
    hash.update((user.len() as u64).to_be_bytes());
    hash.update(user);
    hash.update(key.as_str());
    let hash = BASE64_URL_SAFE_NO_PAD.encode(hash.finalize());
    Key::new(format!("IDEMPOTENCY#{hash}"), "IDEMPOTENCY")
}

/// A part with its separators percent-encoded.
fn encoded(part: &str) -> Cow<'_, str> {
    if part.contains(['#', '%']) { part.replace('%', "%25").replace('#', "%23").into() } else { part.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(text: &str) -> Category {
        Category::new(text).expect("a category")
    }

    #[test]
    fn no_value_reaches_into_another_partition() {
        let texts = ["a", "a#b", "a%23b", "a%2523b", "a%b"];
        let mut seen: Vec<String> = texts.iter().map(|text| category_partition(&category(text))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), texts.len());
        assert!(seen.iter().all(|pk| pk.matches('#').count() == 1));
    }

    #[test]
    fn names_and_ids_cannot_trade_places() {
        let id = |text| ProductId::new(text).expect("an id");
        let name = |text| Name::new(text).expect("a name");
        let c = category("c");
        assert_ne!(category_entry(&c, &name("a#b"), &id("c")), category_entry(&c, &name("a"), &id("b-c")));
    }

    #[test]
    fn user_and_key_cannot_trade_characters() {
        let user = |text| UserId::new(text).expect("a user");
        let key = |text| IdempotencyKey::new(text).expect("a key");
        assert_ne!(idempotency(&user("ab"), &key("c")), idempotency(&user("a"), &key("bc")));
    }

    #[test]
    fn no_user_reaches_into_anothers_partition() {
        let users = ["a", "a#PROFILE", "a%23PROFILE", "A"].map(|text| UserId::new(text).expect("a user"));
        let mut seen = users.map(|user| profile(&user).pk);
        seen.sort_unstable();
        assert!(seen.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(seen.iter().all(|pk| pk.matches('#').count() == 1));
    }

    #[test]
    fn a_partition_tells_whose_it_is() {
        for name in ["ann", "a#b", "a%23b", "a%2523b", "%", "100%25"] {
            let user = UserId::new(name).expect("a user");
            assert_eq!(user_of(&cart(&user)), Some(user));
        }
        assert_eq!(user_of(&Key::new("ORDER#1", "CART")), None);
    }

    #[test]
    fn an_events_key_tells_which_it_is() {
        let digest = format!("stripe/sha256:{}", "0".repeat(64));
        for name in ["stripe/evt_1", "standard/a.b", &digest] {
            let name: EventKey = name.parse().expect("a name");
            assert_eq!(event_of(&event(&name)), Some(name));
        }
        assert_eq!(event_of(&Key::new("WEBHOOK#paypal#1", "EVENT")), None);
    }

    #[test]
    fn a_prefix_stays_within_the_partition_of_its_words() {
        for prefix in ["h", "he", "hea"] {
            let range = term_range(Driver::Prefix(prefix));
            let entry = if prefix.len() == 1 { "h" } else { "heart" };
            let entry = term_entry(entry, &ProductId::new("x").expect("an id"));
            assert_eq!(range.pk, entry.pk);
            assert!(entry.sk.starts_with(&range.sk));
        }
    }
}
