//! Trying again: how often, how long between, and never past the end.
//!
//! The one rule: only what is safe to repeat is repeated, and the caller says
//! what that is. The waits are full-jitter exponential backoff (AWS
//! Architecture Blog, "Exponential Backoff and Jitter"): a random time between
//! nothing and a bound that doubles, so that callers who collided once spread
//! out. A [`Budget`] ends retries that only add to an overload, and a
//! [`deadline`] ends all of them. This crate knows no error types and no services.

mod budget;
pub mod deadline;
mod policy;

pub use budget::Budget;
pub use policy::{Backoff, Outcome, Policy};
