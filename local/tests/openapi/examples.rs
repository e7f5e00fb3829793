use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::document::{document, operations, shape};
use crate::promise::unfolded;

#[test]
fn the_example_of_a_shape_is_one() {
    let document = document();
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if !schema["example"].is_null() {
            assert!(shape(&document, name).is_valid(&schema["example"]), "{name}: {}", schema["example"]);
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

/// Else no change of the types of its problems would be noticed.
#[test]
fn each_refusal_of_each_operation_shows_a_problem_of_each_type() {
    let document = document();
    let problem = shape(&document, "Problem");
    let unfolded = unfolded(&document);
    let mut seen = BTreeSet::new();
    for (path, method, operation) in operations(&unfolded) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            let Some(media) = answer["content"].get("application/problem+json") else { continue };
            let several = media["examples"].as_object().into_iter().flat_map(Map::values);
            let examples: Vec<&Value> =
                several.map(|example| &example["value"]).chain(media.get("example")).collect();
            assert!(!examples.is_empty(), "{method} {path}, {status}");
            for example in examples {
                assert!(problem.is_valid(example), "{method} {path}, {status}: {example}");
                assert_eq!(example["status"].to_string(), *status, "{method} {path}");
                seen.insert(example["type"].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(seen.len(), 19, "{seen:#?}");
}
