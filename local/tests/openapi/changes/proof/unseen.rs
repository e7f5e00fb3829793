//! Nothing of any operation can be changed or taken away unseen.

use serde_json::{Value, json};

use super::TODAY;
use crate::changes::{Changes, by_place, operation};
use crate::document::document;
use crate::promise::{promised, unfolded};

/// What it finds where an operation is another.
fn is_seen(place: &str, was: &Value, now: &Value) -> bool {
    let mut changes = Changes::default();
    operation(&mut changes, place, was, now, TODAY);
    !changes.0.is_empty()
}

/// Every place below a value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, it)| (name.replace('~', "~0").replace('/', "~1"), it)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(at, it)| (at.to_string(), it)).collect(),
        _ => Vec::new(),
    };
    for (name, part) in parts {
        found.push(format!("{at}/{name}"));
        places(part, &format!("{at}/{name}"), found);
    }
}

fn without(value: &Value, at: &str) -> Value {
    let mut value = value.clone();
    let (whole, name) = at.rsplit_once('/').unwrap();
    match value.pointer_mut(whole).unwrap() {
        Value::Object(fields) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~")).unwrap()),
        Value::Array(items) => drop(items.remove(name.parse().unwrap())),
        _ => unreachable!("only what has parts is above a place"),
    }
    value
}

/// Another value of the same kind; none for what is a whole.
fn another(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(it) => Some(json!(!it)),
        Value::Number(it) => Some(json!(it.as_i64().unwrap() + 1)),
        Value::String(it) => Some(json!(format!("{it}x"))),
        _ => None,
    }
}

/// Where a part says what is true without it as well; and a parameter's own name, without which
/// it is none.
fn says_nothing(at: &str, value: &Value) -> bool {
    let part = at.rsplit('/').next().unwrap_or_default();
    let default = (part == "required" && *value == false) || (part == "schema" && *value == json!({}));
    default || (at.starts_with("/parameters/") && ["in", "name"].contains(&part))
}

#[test]
fn whatever_is_changed_or_gone_is_seen() {
    let (mut changed, mut gone) = (0, 0);
    for (place, operation) in by_place(&unfolded(&promised(&document()))) {
        let mut all = Vec::new();
        places(&operation, "", &mut all);
        for at in all {
            let value = operation.pointer(&at).unwrap();
            if !says_nothing(&at, value) {
                assert!(is_seen(&place, &operation, &without(&operation, &at)), "{place} without {at}");
                gone += 1;
            }
            if let Some(another) = another(value) {
                let mut now = operation.clone();
                *now.pointer_mut(&at).unwrap() = another;
                assert!(is_seen(&place, &operation, &now), "{place} with another {at}");
                changed += 1;
            }
        }
    }
    assert!(changed > 5_000 && gone > 10_000, "{changed} changed, {gone} gone");
}
