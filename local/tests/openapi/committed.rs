use std::collections::BTreeSet;
use std::path::PathBuf;

use local::project::Project;
use serde_json::Value;

use crate::document::{document, operations};

const STALE: &str = "functions/docs/openapi.json is not what the code says any more: make openapi";

fn file() -> PathBuf {
    Project::find().unwrap().root().join("functions/docs/openapi.json")
}

/// With `UPDATE_OPENAPI` set it writes the document instead.
#[test]
fn the_committed_document_is_what_the_code_says() {
    let text = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(file(), &text).unwrap();
    }
    assert!(std::fs::read_to_string(file()).unwrap() == text, "{STALE}");
}

#[test]
fn every_operation_has_a_name_of_its_own_and_says_what_it_is() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let text = |field: &str| operation[field].as_str().unwrap_or_default().to_owned();
        assert!(names.insert(text("operationId")), "{method} {path}: {}", text("operationId"));
        assert!(!text("operationId").is_empty() && !text("summary").is_empty(), "{method} {path}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path}");
    }
}

#[test]
fn whatever_is_referred_to_is_there() {
    let document = document();
    let names = operations(&document).into_iter().map(|(.., operation)| operation["operationId"].clone());
    let names: Vec<Value> = names.collect();
    each(&document, &mut |object| {
        if let Some(pointer) = object["$ref"].as_str() {
            assert!(document.pointer(pointer.trim_start_matches('#')).is_some(), "{pointer}");
        }
        for link in object["links"].as_object().into_iter().flat_map(|links| links.values()) {
            assert!(names.contains(&link["operationId"]), "{link}");
        }
    });
}

/// Every object of a document.
fn each(value: &Value, see: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(fields) => {
            see(value);
            fields.values().for_each(|field| each(field, see));
        }
        Value::Array(items) => items.iter().for_each(|item| each(item, see)),
        _ => {}
    }
}
