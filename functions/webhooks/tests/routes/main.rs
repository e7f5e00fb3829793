//! The function's routes, called in process on a real table; secrets from a real
//! `moto_server`; signatures held to those of Stripe's and Standard Webhooks' own
//! libraries.

mod bodies;
mod duplicates;
mod faults;
mod hand;
mod headers;
mod intake;
mod limits;
mod managed;
mod moto_server;
mod oracle;
mod parsers;
mod published;
mod routes;
mod secrets;
mod signatures;
mod tools;
