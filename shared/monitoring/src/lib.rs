//! What the functions say of themselves, and of the fleet that they are: logs and
//! metrics in Lambda's own formats, counts of all processes together; and the queue of
//! what they do when nobody waits.
//!
//! The one rule: nothing personal and nothing secret. No bodies, no tokens, no
//! query strings; ids, routes, counts and durations with their unit. And nobody waits
//! for it: what is told leaves after the response.

mod after_response;
mod database_use;
mod fleet;
mod function_names;
mod logs;
mod metrics;
mod monitoring;
mod pace;
mod popular;
mod process;
mod sentry;
mod settings;
mod totals;
mod work;

pub use after_response::{AfterResponse, Importance};
pub use database_use::{DatabaseUse, OperationUse};
pub use fleet::Window;
pub use function_names::FunctionNames;
pub use metrics::Slowest;
pub use monitoring::{Monitoring, Serving};
pub use popular::Read;
pub use settings::{Settings, SettingsError};
pub use totals::{Count, Measure, Totals, Unit};
pub use work::{Carrier, Work, carried, observed, request_id, trace_id};
