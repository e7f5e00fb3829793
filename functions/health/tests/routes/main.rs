//! Health in process, with real things to probe, and real faults; its dashboard in a
//! real browser.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod dashboard;
mod detailed;
mod elasticache;
mod live;
mod not_found;
mod stage;
mod token;
