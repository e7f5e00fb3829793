//! Why something was refused or failed, in the shop's words.
//!
//! Inner layers know no HTTP: they say which of these it is, and `api` says
//! once how a caller hears it. Causes of failures travel along for the log and
//! never reach a caller.

use std::sync::Arc;

use crate::{Money, OrderStatus, ProductId, Quantity, Version};

/// The result of an operation on the shop.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where it is in the request, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// Which rule it breaks.
    pub detail: String,
}

/// A product of which there is less than was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Which product.
    pub product_id: ProductId,
    /// Pieces that were ordered.
    pub requested: Quantity,
    /// Pieces that are left.
    pub available: i64,
}

impl std::fmt::Display for Shortage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} are left, {} were ordered", self.available, self.product_id, self.requested)
    }
}

/// Why an operation did not happen. Cloned by the callers that share one load.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The input is well-formed and breaks rules; all broken ones are named.
    #[error("the input breaks {} rule(s)", .0.len())]
    Invalid(Vec<Violation>),
    /// It does not exist, is archived, or is someone else's.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The identifier is in use, or was.
    #[error("the {0} id is taken")]
    Taken(&'static str),
    /// The caller's version is no longer the current one.
    #[error("the version given is stale, the current one is {current}")]
    Stale {
        /// What the item's version is now.
        current: Version,
    },
    /// The adjustment would take stock out of its range.
    #[error("the stock is {available}: the adjustment would leave its range")]
    StockOutOfRange {
        /// Pieces available now.
        available: i64,
    },
    /// These products cannot be ordered: there are none of that id, or they
    /// are archived.
    #[error("{} product(s) of the order are not sold", .0.len())]
    NotSold(Vec<ProductId>),
    /// There is less than was ordered.
    #[error("the stock of {} product(s) does not suffice", .0.len())]
    OutOfStock(Vec<Shortage>),
    /// The products' prices are in several currencies, so there is no total.
    #[error("the prices are in several currencies")]
    MixedCurrencies,
    /// The cart holds nothing to order.
    #[error("the cart is empty")]
    EmptyCart,
    /// The order would cost something else than its caller expects.
    #[error("the total is not the one expected")]
    PriceMoved {
        /// What it would cost.
        total: Money,
    },
    /// The order is not pending any more.
    #[error("an order that is {status} cannot be cancelled")]
    NotCancellable {
        /// Where it stands.
        status: OrderStatus,
    },
    /// The idempotency key came before with another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// Others write the same items and the retries ran out; trying again helps.
    #[error("contention outlasted the retries")]
    Busy,
    /// A part we depend on failed or did not answer in time.
    #[error("{operation} failed")]
    Unavailable {
        /// Which call it was, by operation name.
        operation: &'static str,
        /// What it said: for the log only.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// An item in the table is not what this release can read.
    #[error("an item of kind {kind} cannot be read")]
    Corrupt {
        /// Which kind of item.
        kind: &'static str,
        /// What was wrong with it: for the log only.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// [`Error::Unavailable`] with what the call said.
    pub fn unavailable(
        operation: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { operation, source: source.into().into() }
    }

    /// [`Error::Corrupt`] with what was wrong.
    pub fn corrupt(kind: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Corrupt { kind, source: source.into().into() }
    }
}
