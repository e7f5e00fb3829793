//! Lambda on this machine: `cargo lambda watch` as the Runtime API, and a
//! supervisor that runs the built functions against it, because the emulator
//! itself never starts a function again that has died.

mod binaries;
mod emulator;
mod environment;
mod rate_limits;
mod status;
mod supervisor;

pub use binaries::Binaries;
pub use emulator::Emulator;
pub use environment::{Environment, Surroundings};
pub use rate_limits::RateLimits;
pub use status::{Status, StatusReceiver};
pub use supervisor::Supervisor;

/// Invocations that one function process takes at a time. The emulator
/// deadlocks with more than 100 in flight, so the gate lets no more in.
pub const MAX_CONCURRENCY: usize = 64;
