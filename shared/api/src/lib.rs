//! The HTTP edge that every API function shares: who calls, what they may
//! send, how they hear of errors.
//!
//! The one rule: a caller hears of every error in the same words. Handlers
//! return [`Problem`]s, and [`edge`] renders them all, those of the framework
//! and of panics included. Nothing of a cause reaches a caller; it goes to the
//! log under the request's id. No commerce here, and no storage.

mod auth;
mod body;
mod config;
pub mod contract;
mod cursor;
mod deadline;
mod edge;
mod integer;
mod limits;
mod now;
mod object;
mod page;
mod path;
mod precondition;
mod private;
mod problem;
mod query;
mod recorded;
mod representation;
mod serve;
mod stream;
mod violations;

use std::sync::Arc;

use mimalloc::MiMalloc;

pub use auth::{Caller, Verifier};
pub use body::{Json, from_value};
pub use config::ConfigError;
pub use cursor::Cursors;
pub(crate) use deadline::deadline;
pub use edge::edge;
pub use integer::integer;
pub use limits::{Limit, Limiter, Policy, Quota};
pub use now::now;
pub use object::Object;
pub use page::{PageParams, PageView};
pub use path::PathId;
pub use precondition::{IdempotencyKey, IfMatch, OptionalIfMatch};
pub use private::Private;
pub use problem::Problem;
pub use query::Query;
pub use recorded::recorded;
pub use representation::{IfNoneMatch, Representation};
pub use serve::{serve, serve_events};
pub use stream::{Batch, BatchResponse, Change, Record};
pub use violations::Violations;

/// A warm read allocates some 300 times, which took glibc's allocator a fifth of its
/// instructions (`make bench-lambda`).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What the extractors of this crate need of a router's state: make it
/// available by `FromRef`.
#[derive(Clone, Debug)]
pub struct Keys(Arc<Verifier>);

impl Keys {
    fn new(verifier: Verifier) -> Self {
        Self(Arc::new(verifier))
    }

    /// Verifies bearer tokens.
    pub fn verifier(&self) -> &Verifier {
        &self.0
    }
}
