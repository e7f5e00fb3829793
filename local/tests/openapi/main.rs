//! The OpenAPI document: put together from what each function says of itself, held to
//! the committed one, to what is published, to the rules of the shop, and to the routes that
//! there are.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod changes;
mod committed;
mod document;
mod examples;
#[path = "../support/functions.rs"]
mod functions;
mod promise;
mod published;
mod refusals;
mod routes;
mod rules;
