//! The cart's routes in process: the real router on an embedded DynamoDB and a
//! real Redis.

mod bad_input;
mod cache;
mod cart;
mod catalogue;
mod conditions;
mod devices;
mod limits;
mod owners;
mod shop;
