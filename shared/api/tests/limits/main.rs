//! Limits on a router's routes, counted in a real Redis.

mod callers;
mod fields;
mod outages;
mod refusals;
mod stage;
