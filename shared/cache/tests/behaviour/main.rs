//! What the cache does with a real Redis at its side, alive, hung and dead.

mod flights;
mod freezes;
mod history;
mod interleavings;
mod invalidation;
mod leases;
mod not_found;
mod outages;
mod proxy;
mod put;
mod redis_server;
mod releases;
mod stage;
mod stale;
mod tiers;
mod worker;
