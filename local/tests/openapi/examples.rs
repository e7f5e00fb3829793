use serde_json::Value;

use crate::document::{document, shape};

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

#[test]
fn the_example_of_a_refusal_is_a_problem() {
    let (document, mut seen) = (document(), 0);
    let problem = shape(&document, "Problem");
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        let example: &Value = &response["content"]["application/problem+json"]["example"];
        assert!(problem.is_valid(example), "{name}: {example}");
        seen += 1;
    }
    assert_eq!(seen, 12);
}
