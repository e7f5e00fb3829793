//! The catalogue's routes in process: the real router on an embedded DynamoDB
//! and a real Redis. One file for each thing that the URLs name.

mod auth;
mod bad_input;
mod cache;
mod inventory;
mod limits;
mod pages;
mod pricing;
mod products;
mod search;
mod shop;
