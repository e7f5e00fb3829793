//! The function's routes, called in process on a real table and a real cache.

mod bad_input;
mod cancel;
mod faults;
mod history;
mod limits;
mod place;
mod replay;
mod shop;
