//! What the cache does with a real Redis at its side, alive, hung and dead.

mod flights;
mod interleavings;
mod invalidation;
mod outages;
mod redis_server;
mod stage;
mod tiers;
