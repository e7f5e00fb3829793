//! The caches of one process that are compared, each by its own call that gets
//! a value or loads it. All are bounded, and all that know time have a time to live.

use std::sync::Arc;
use std::time::Duration;

use amalgam::EntryOptions;
use cache::{Cache, Config, Key, Kind, Policy};

use crate::product::{Broken, Product, id, load};

const FRESH: Duration = Duration::from_hours(1);
const ENTRIES: u16 = 60_000;
/// Room for as many, as ours weighs them.
const L1_BYTES: u64 = ENTRIES as u64 * 1_500;

const PRODUCT: Kind<Product> =
    Kind::new("product", 1, Policy { fresh: FRESH, l1: Some(FRESH), ..Policy::PLAIN });

pub(crate) trait Contender: Clone + Send + Sync + 'static {
    const NAME: &'static str;
    type Key: Send + Sync + 'static;

    fn new() -> Self;

    fn key(n: usize) -> Self::Key;

    /// The price of the product, which is loaded if it is not there.
    fn price(&self, key: &Self::Key) -> impl Future<Output = u64> + Send;
}

impl Contender for Cache {
    const NAME: &'static str = "ours";
    type Key = Key<Product>;

    fn new() -> Self {
        Self::new(Config { l1_bytes: L1_BYTES, ..Config::default() }).expect("nothing in it is zero")
    }

    fn key(n: usize) -> Self::Key {
        PRODUCT.key(id(n))
    }

    async fn price(&self, key: &Self::Key) -> u64 {
        let product = self.get_or_load(key, || async { Ok::<_, Broken>(Some(load())) }).await;
        product.expect("it loads").expect("it is there").price
    }
}

pub(crate) type Moka = moka::future::Cache<String, Arc<Product>>;

impl Contender for Moka {
    const NAME: &'static str = "moka";
    type Key = String;

    fn new() -> Self {
        Self::builder().max_capacity(ENTRIES.into()).time_to_live(FRESH).build()
    }

    fn key(n: usize) -> Self::Key {
        format!("product:{}", id(n))
    }

    async fn price(&self, key: &Self::Key) -> u64 {
        let product = self.try_get_with_by_ref(key, async { Ok::<_, Broken>(Arc::new(load())) });
        product.await.expect("it loads").price
    }
}

pub(crate) type Foyer = foyer_memory::Cache<String, Product>;

impl Contender for Foyer {
    const NAME: &'static str = "foyer";
    type Key = String;

    fn new() -> Self {
        foyer_memory::CacheBuilder::new(ENTRIES.into()).build()
    }

    fn key(n: usize) -> Self::Key {
        Moka::key(n)
    }

    async fn price(&self, key: &Self::Key) -> u64 {
        let product = self.get_or_fetch(key, || async { Ok::<_, std::io::Error>(load()) });
        product.await.expect("it loads").value().price
    }
}

pub(crate) type Amalgam = amalgam::Cache<Arc<Product>>;

impl Contender for Amalgam {
    const NAME: &'static str = "amalgam-cache";
    type Key = String;

    fn new() -> Self {
        let builder = Self::builder().max_capacity(ENTRIES.into());
        builder.default_options(EntryOptions::new(FRESH)).try_build().expect("nothing in it is odd")
    }

    fn key(n: usize) -> Self::Key {
        Moka::key(n)
    }

    async fn price(&self, key: &Self::Key) -> u64 {
        let product = self.get_or_set(key, |_| async { Ok::<_, std::io::Error>(Arc::new(load())) });
        product.await.expect("it loads").price
    }
}
