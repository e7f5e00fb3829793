//! What the functions say of themselves: logs in Lambda's own format; and the
//! queue of what they do when nobody waits.
//!
//! The one rule: nothing personal and nothing secret. No bodies, no tokens, no
//! query strings; ids, routes, counts and durations with their unit.

mod after_response;
mod cache_use;
mod database_use;
mod logs;

pub use after_response::AfterResponse;
pub use cache_use::CacheUse;
pub use database_use::{DatabaseUse, OperationUse};
pub use logs::init_logs;
