//! ElastiCache by name: descriptions by moto, canned ones where moto has none, and
//! tokens held to botocore's.

mod canned;
mod description;
mod discovery;
mod iam;
mod moto_server;
mod stage;
