//! What the cache does with a Redis Cluster at its side, by TLS and as an ACL
//! user: with all nodes up, with slots on the move, with nodes hung and dead.

mod certificates;
mod cluster_server;
mod credentials;
mod failures;
mod moves;
mod node;
mod owed;
mod races;
mod slots;
mod stage;
mod tls;
