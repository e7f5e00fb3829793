//! Names of entries, tied to the type of their values.
//!
//! In L2 the key `42` of the kind `product` owns two names that share one cluster
//! slot by their hash tag: `{product:42}:entry`, and `{product:42}:lease` while it
//! is being loaded. The format's version is in the entry and not in its name, so
//! that an invalidation by one release reaches what another has stored: while two
//! releases with different formats run side by side, each finds what the other
//! stored unreadable, and replaces it. A tag is the name `{category:books}:tag`.
//! Kinds and tags have no `:` in their names, so no choice of ids can make two of
//! these names equal.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};

use foldhash::quality::RandomState;

use crate::policy::Policy;

/// A kind of entry: one noun, the format of its values, and how long they live.
///
/// Values are serialised with postcard, which is not self-describing: types
/// with `#[serde(flatten)]`, `untagged`, `skip_serializing_if` or
/// `deserialize_any` (such as a JSON value) cannot be read back and would be
/// loaded every time. Any change to the value's type needs a new version.
pub struct Kind<V> {
    name: &'static str,
    version: u16,
    policy: Policy,
    value: PhantomData<fn() -> V>,
}

impl<V> Kind<V> {
    /// A kind by its name, the version of its values' format, and its policy.
    ///
    /// # Panics
    /// If the name is empty or holds one of `:{}` (at compile time, in a constant).
    pub const fn new(name: &'static str, version: u16, policy: Policy) -> Self {
        assert_plain(name);
        Self { name, version, policy, value: PhantomData }
    }

    /// The key of one entry. Any id is fine: it cannot reach another kind's names.
    pub fn key(&self, id: impl AsRef<str>) -> Key<V> {
        Key {
            any: AnyKey(Arc::new(Entry {
                name: Name::new(joined(self.name, id.as_ref())),
                kind: self.name,
                version: self.version,
                policy: self.policy,
                tags: Vec::new(),
            })),
            value: PhantomData,
        }
    }
}

impl<V> Clone for Kind<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Kind<V> {}

/// The key of one entry with a value of type `V`.
pub struct Key<V> {
    any: AnyKey,
    value: PhantomData<fn() -> V>,
}

impl<V> Key<V> {
    /// The same key, its entry dropped also when `tag` is invalidated. A key is
    /// to carry the same tags in the same order wherever it is made; an entry
    /// read with others is a miss.
    #[must_use]
    pub fn tagged(mut self, tag: Tag) -> Self {
        Arc::make_mut(&mut self.any.0).tags.push(tag);
        self
    }

    /// The key without its value's type, as an invalidation takes it.
    pub fn erase(&self) -> AnyKey {
        self.any.clone()
    }

    pub(crate) fn any(&self) -> &AnyKey {
        &self.any
    }
}

impl<V> Clone for Key<V> {
    fn clone(&self) -> Self {
        Self { any: self.any.clone(), value: PhantomData }
    }
}

/// Without the id, which may be personal.
impl<V> fmt::Debug for Key<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any.fmt(f)
    }
}

/// A key of any kind.
#[derive(Clone)]
pub struct AnyKey(Arc<Entry>);

#[derive(Clone)]
struct Entry {
    /// `kind:id`
    name: Name,
    kind: &'static str,
    version: u16,
    policy: Policy,
    tags: Vec<Tag>,
}

impl PartialEq for AnyKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for AnyKey {}

impl Hash for AnyKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Hash::hash(&self.0.name, state);
    }
}

impl AnyKey {
    pub(crate) fn name(&self) -> &Name {
        &self.0.name
    }

    pub(crate) fn hash(&self) -> u64 {
        self.0.name.hash
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.0.policy
    }

    pub(crate) fn tags(&self) -> &[Tag] {
        &self.0.tags
    }

    /// The version of the value's format.
    pub(crate) fn version(&self) -> u16 {
        self.0.version
    }

    /// The entry's name in L2.
    pub(crate) fn entry_name(&self) -> String {
        braced(&self.0.name.text, ENTRY.len()) + ENTRY
    }

    /// The lease's name in L2.
    pub(crate) fn lease_name(&self) -> String {
        braced(&self.0.name.text, LEASE.len()) + LEASE
    }
}

/// A name and its hash, which is computed once: tables in memory take it as it is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Name {
    hash: u64,
    text: Arc<str>,
}

impl Name {
    fn new(text: Arc<str>) -> Self {
        Self { hash: hash(&text), text }
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Builds hashers for tables whose keys are [`Name`]s.
#[derive(Clone, Copy, Default)]
pub(crate) struct HashOfName;

impl BuildHasher for HashOfName {
    type Hasher = Given;

    fn build_hasher(&self) -> Given {
        Given(0)
    }
}

/// Answers the hash that it was given.
pub(crate) struct Given(u64);

impl Hasher for Given {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a name gives its hash as one number")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// How every entry's name ends, and no other name of ours.
pub(crate) const ENTRY: &str = ":entry";
const LEASE: &str = ":lease";
const TAG: &str = ":tag";

/// Without the id, which may be personal.
impl fmt::Debug for AnyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("kind", &self.0.kind).finish_non_exhaustive()
    }
}

/// What many entries have in common, so that one invalidation drops them all
/// without knowing their keys.
#[derive(Clone)]
pub struct Tag {
    /// `name:id`
    name: Arc<str>,
    hash: u64,
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Tag {}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Tag {
    /// A tag by its noun and id.
    ///
    /// # Panics
    /// If the name is empty or holds one of `:{}`.
    pub fn new(name: &'static str, id: impl AsRef<str>) -> Self {
        assert_plain(name);
        let name = joined(name, id.as_ref());
        // A tag is apart from the key of the same name.
        let hash = !hash(&name);
        Self { name, hash }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// The tag's token's name in L2.
    pub(crate) fn token_name(&self) -> String {
        braced(&self.name, TAG.len()) + TAG
    }
}

/// Without the id, which may be personal.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.split(':').next();
        f.debug_struct("Tag").field("name", &name).finish_non_exhaustive()
    }
}

/// The text as a hash tag, with room for so many bytes more. Every read through
/// L2 makes names, and one allocation takes a fifth of what `format!` does.
fn braced(text: &str, room: usize) -> String {
    let mut name = String::with_capacity(1 + text.len() + 1 + room);
    name.push('{');
    name.push_str(text);
    name.push('}');
    name
}

fn joined(name: &'static str, id: &str) -> Arc<str> {
    let mut joined = String::with_capacity(name.len() + 1 + id.len());
    joined.push_str(name);
    joined.push(':');
    joined.push_str(id);
    joined.into()
}

const fn assert_plain(name: &str) {
    let bytes = name.as_bytes();
    assert!(!bytes.is_empty(), "a kind or tag needs a name");
    let mut i = 0;
    while i < bytes.len() {
        assert!(
            !matches!(bytes[i], b':' | b'{' | b'}'),
            "the name of a kind or tag has no colon and no braces"
        );
        i += 1;
    }
}

/// With a seed of this process, so that nobody can choose ids that collide.
fn hash(text: &str) -> u64 {
    static SEEDED: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    SEEDED.hash_one(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCT: Kind<u32> = Kind::new("product", 3, Policy::PLAIN);

    #[test]
    fn entry_and_lease_share_their_hash_tag() {
        let key = PRODUCT.key("a}b{c").erase();
        assert_eq!(key.entry_name(), "{product:a}b{c}:entry");
        assert_eq!(key.lease_name(), "{product:a}b{c}:lease");
    }

    #[test]
    fn a_tag_has_another_name_than_the_key_like_it() {
        let key = PRODUCT.key("1").erase();
        let tag = Tag::new("product", "1");
        assert_ne!(tag.token_name(), key.entry_name());
        assert_ne!(tag.hash(), key.hash());
    }

    #[test]
    fn debug_output_keeps_ids_to_itself() {
        let key = PRODUCT.key("alice@example.com").tagged(Tag::new("user", "alice"));
        let shown = format!("{key:?} {:?}", key.any().tags());
        assert!(!shown.contains("alice"), "{shown}");
    }

    #[test]
    #[should_panic(expected = "no colon")]
    fn a_colon_in_a_name_is_refused() {
        let _ = Tag::new("a:b", "c");
    }
}
