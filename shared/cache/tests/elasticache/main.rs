//! ElastiCache by name: descriptions by moto, canned ones where moto has none.

mod canned;
mod discovery;
mod moto_server;
mod stage;
