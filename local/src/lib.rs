//! The whole system on one machine: for `make run`, for tests, for load tests.
//! It runs the real things (DynamoDB's protocol, Redis, the Lambda Runtime
//! API, the built functions) and mocks none. No function may depend on it.

pub mod chaos;
pub mod client;
pub mod contention;
pub mod dynamodb;
pub mod faults;
pub mod gate;
pub mod import;
pub mod invoke;
pub mod lambda;
mod opening_stock;
pub mod process;
mod progress;
pub mod project;
pub mod provider;
pub mod redis;
pub mod replay;
mod retail;
pub mod rie;
pub mod schedule;
pub mod secret;
pub mod seed;
pub mod stack;
pub mod streams;
pub mod template;
pub mod testing;
pub mod token;
