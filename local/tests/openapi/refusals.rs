//! What an operation refuses follows from what it takes.

use serde_json::Value;

use crate::document::{document, operations};

fn operation(name: &str) -> Value {
    let found = operations(&document()).into_iter().find(|(.., operation)| operation["operationId"] == name);
    found.unwrap().2
}

fn statuses(name: &str) -> Vec<String> {
    operation(name)["responses"].as_object().unwrap().keys().cloned().collect()
}

fn headers(name: &str, status: &str) -> Vec<String> {
    operation(name)["responses"][status]["headers"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn a_read_may_be_unchanged_and_needs_no_token() {
    assert_eq!(statuses("showProduct"), ["200", "304", "400", "404", "429", "500", "503"]);
    assert_eq!(statuses("searchProducts"), ["200", "304", "400", "422", "429", "500", "503"]);
}

#[test]
fn a_write_to_one_thing_needs_its_version_and_a_scope() {
    let all = ["200", "400", "401", "403", "404", "412", "413", "415", "422", "428", "429", "500", "503"];
    assert_eq!(statuses("replaceProduct"), all);
}

#[test]
fn an_order_needs_a_token_and_no_scope() {
    let all = ["201", "400", "401", "409", "413", "415", "422", "429", "500", "503"];
    assert_eq!(statuses("placeOrder"), all);
}

#[test]
fn headers_say_what_the_answer_is_good_for() {
    let limited = ["RateLimit", "RateLimit-Policy", "x-request-id"];
    assert_eq!(headers("showProduct", "200"), [["Cache-Control", "ETag"].as_slice(), &limited].concat());
    assert_eq!(
        headers("placeOrder", "201"),
        [["Idempotency-Replayed", "Location"].as_slice(), &limited].concat()
    );
    assert_eq!(headers("showLiveness", "200"), ["x-request-id"]);
}
