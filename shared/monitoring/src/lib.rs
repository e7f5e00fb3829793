//! What the functions say of themselves: logs in Lambda's own format; and the
//! queue of what they do when nobody waits.
//!
//! The one rule: nothing personal and nothing secret. No bodies, no tokens, no
//! query strings; ids, routes, counts and durations with their unit.

mod after_response;
mod database_use;
mod fleet;
mod logs;
mod monitoring;
mod settings;
mod totals;

pub use after_response::AfterResponse;
pub use database_use::{DatabaseUse, OperationUse};
pub use fleet::Window;
pub use monitoring::Monitoring;
pub use settings::Settings;
pub use totals::{Count, Measure, Totals, Unit};
