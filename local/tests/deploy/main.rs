//! `make deploy` and `make rollback`, run as they are on a tree of their own, beside moto as
//! S3 and CloudFormation. What builds, loads and speaks for SAM is stood in for, and writes
//! down how it was called.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod called_off;
mod deployment;
mod moto;
mod put_back;
mod real_sam;
mod refusals;
mod rollback;
mod tree;
