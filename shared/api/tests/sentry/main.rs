//! What Sentry hears of functions: real processes, served through the Lambda
//! Runtime API, and a server that takes envelopes as Sentry does.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contents;
mod delivery;
mod function;
mod handlers;
mod none;
mod platform;
mod server;
mod symbols;
mod tables;
mod timing;
