//! That the check sees what it is for: each way to break a caller, what breaks none, and
//! whatever else is changed in the document as it is.

mod breaking;
mod deprecating;
mod harmless;
mod unseen;

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use super::{Change, changes};
use crate::document::operations;
use crate::promise::{promised, unfolded};

const TODAY: Date = date(2026, 6, 1);

/// A change of the document, and a line that tells of it.
struct Row {
    at: &'static str,
    value: Option<Value>,
    says: &'static str,
}

/// What is at a place is taken away.
fn without(at: &'static str, says: &'static str) -> Row {
    Row { at, value: None, says }
}

/// A value is put at a place.
fn with(at: &'static str, value: impl Into<Value>, says: &'static str) -> Row {
    Row { at, value: Some(value.into()), says }
}

impl Row {
    fn apply(&self, document: &Value) -> Value {
        let (mut changed, path) = (document.clone(), pointer(document, self.at));
        let step = match &self.value {
            Some(value) => json!([{ "op": "add", "path": path, "value": value }]),
            None => json!([{ "op": "remove", "path": path }]),
        };
        let steps: json_patch::Patch = serde_json::from_value(step).unwrap();
        json_patch::patch(&mut changed, &steps).unwrap();
        changed
    }
}

/// A place is below an operation, by its name, or below a shape; or it is a pointer.
fn pointer(document: &Value, at: &str) -> String {
    let (name, rest) = at.split_at(at.find('/').unwrap_or(at.len()));
    let operation = operations(document).into_iter().find(|(.., it)| it["operationId"] == name);
    match operation {
        Some((path, method, _)) => {
            format!("/paths/{}/{}{rest}", path.replace('/', "~1"), method.to_lowercase())
        }
        None if name.is_empty() => at.to_owned(),
        None => format!("/components/schemas/{at}"),
    }
}

fn between(was: &Value, now: &Value) -> Vec<Change> {
    changes(&unfolded(&promised(was)), &unfolded(&promised(now)), TODAY)
}

fn listed(changes: &[Change]) -> String {
    let lines = changes.iter().map(|it| format!("\n  {it}{}", if it.breaks { " (breaks)" } else { "" }));
    lines.collect::<Vec<_>>().concat()
}

fn breaks(was: &Value, now: &Value, says: &str) {
    let found = between(was, now);
    let said = found.iter().any(|change| change.breaks && change.to_string().contains(says));
    assert!(said, "no break: {says}{}", listed(&found));
}

fn breaks_nothing(was: &Value, now: &Value, says: &str) {
    let found = between(was, now);
    assert!(found.iter().any(|change| change.to_string().contains(says)), "unseen: {says}{}", listed(&found));
    assert!(!found.iter().any(|change| change.breaks), "{says}{}", listed(&found));
}
