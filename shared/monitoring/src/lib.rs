//! What the functions say of themselves: logs in Lambda's own format.
//!
//! The one rule: nothing personal and nothing secret. No bodies, no tokens, no
//! query strings; ids, routes, counts and durations with their unit.

mod logs;

pub use logs::init_logs;
