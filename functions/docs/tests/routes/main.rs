//! The document and its page, in process and in a real browser.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod document;
mod page;
