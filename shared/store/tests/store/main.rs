//! The store on a real table and a real cache, seen past the store too.

mod carts;
mod catalogue;
mod changes;
mod crashes;
mod faults;
mod inbox;
mod init;
mod orders;
mod shop;
mod users;
