//! The profile's routes in process: the real router on an embedded DynamoDB and
//! a real Redis.

mod bad_input;
mod cache;
mod limits;
mod owners;
mod profile;
mod shop;
