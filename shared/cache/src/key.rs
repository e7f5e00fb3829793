//! Names of entries, tied to the type of their values.
//!
//! In L2 the key `42` of the kind `product` owns two names that share one
//! cluster slot by their hash tag: `{product:42}:v1`, the value in format
//! version 1, and `{product:42}:fence`. The fence carries no version: while two
//! releases with different formats run side by side, each keeps its own values,
//! and an invalidation by either takes the fence from both. A tag is the name
//! `{category:books}:tag`. Kinds and tags have no `:` in their names, so no
//! choice of ids can make two of these names equal.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

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
        let name = joined(self.name, id.as_ref());
        Key {
            any: AnyKey(Arc::new(Entry {
                hash: fnv1a(&name),
                name,
                kind: self.name,
                version: self.version,
                policy: self.policy,
                tags: Vec::new(),
            })),
            value: PhantomData,
        }
    }
}

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
    name: Arc<str>,
    hash: u64,
    kind: &'static str,
    version: u16,
    policy: Policy,
    tags: Vec<Tag>,
}

impl AnyKey {
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    pub(crate) fn hash(&self) -> u64 {
        self.0.hash
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.0.policy
    }

    pub(crate) fn tags(&self) -> &[Tag] {
        &self.0.tags
    }

    /// The value's name in L2.
    pub(crate) fn value_name(&self) -> String {
        format!("{{{}}}:v{}", self.0.name, self.0.version)
    }

    /// The fence's name in L2.
    pub(crate) fn fence_name(&self) -> String {
        format!("{{{}}}{FENCE}", self.0.name)
    }
}

/// How every fence's name ends, and no other name of ours.
pub(crate) const FENCE: &str = ":fence";

/// Without the id, which may be personal.
impl fmt::Debug for AnyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("kind", &self.0.kind).finish_non_exhaustive()
    }
}

impl<V> From<Key<V>> for AnyKey {
    fn from(key: Key<V>) -> Self {
        key.any
    }
}

impl<V> From<&Key<V>> for AnyKey {
    fn from(key: &Key<V>) -> Self {
        key.erase()
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

impl Tag {
    /// A tag by its noun and id.
    ///
    /// # Panics
    /// If the name is empty or holds one of `:{}`.
    pub fn new(name: &'static str, id: impl AsRef<str>) -> Self {
        assert_plain(name);
        let name = joined(name, id.as_ref());
        // A tag is apart from the key of the same name.
        let hash = !fnv1a(&name);
        Self { name, hash }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    /// The tag's token's name in L2.
    pub(crate) fn token_name(&self) -> String {
        format!("{{{}}}:tag", self.name)
    }
}

/// Without the id, which may be personal.
impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.split(':').next();
        f.debug_struct("Tag").field("name", &name).finish_non_exhaustive()
    }
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

/// FNV-1a: computed once per key. Who forges collisions gets needless misses,
/// nothing more, so it needs no secret.
fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const POLICY: Policy = Policy { fresh: Duration::from_mins(1), l1: None };
    const PRODUCT: Kind<u32> = Kind::new("product", 3, POLICY);

    #[test]
    fn value_and_fence_share_their_hash_tag() {
        let key = PRODUCT.key("a}b{c").erase();
        assert_eq!(key.value_name(), "{product:a}b{c}:v3");
        assert_eq!(key.fence_name(), "{product:a}b{c}:fence");
    }

    #[test]
    fn a_tag_has_another_name_than_the_key_like_it() {
        let key = PRODUCT.key("1").erase();
        let tag = Tag::new("product", "1");
        assert_ne!(tag.token_name(), key.fence_name());
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
