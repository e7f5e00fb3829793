//! What is cached here: about as much as a product of the catalogue.

use cache::TimedOut;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Product {
    name: String,
    description: String,
    category: String,
    pub(crate) price: u64,
    stock: u64,
}

/// A loader's error.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the loader failed")]
pub(crate) struct Broken;

impl From<TimedOut> for Broken {
    fn from(_: TimedOut) -> Self {
        Self
    }
}

/// What every loader answers: at once, so that a miss costs what the cache does.
pub(crate) fn load() -> Product {
    Product {
        name: "Red retro-spot mug".to_owned(),
        description: "Holds what you pour into it. ".repeat(10),
        category: "gifts".to_owned(),
        price: 1_295,
        stock: 100,
    }
}

/// As keys of the catalogue are: a noun and a UUID's worth of id.
pub(crate) fn id(n: usize) -> String {
    format!("0190b5d2-7c3a-7e4f-9a1b-{n:012}")
}
