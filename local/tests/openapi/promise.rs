//! What a document promises: what callers and generated clients rely on, without the words
//! that explain it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// What explains and promises nothing. How many requests a policy lets through is a matter of
/// each stage, and so is which operations share one.
const WORDS: [&str; 8] =
    ["description", "summary", "title", "example", "examples", "externalDocs", "links", "x-rate-limit"];
/// Their members have names that anybody may choose, also those of `WORDS`.
const NAMED: [&str; 8] =
    ["paths", "schemas", "responses", "headers", "parameters", "content", "securitySchemes", "properties"];
/// Where a promise keeps the types of a refusal's problems.
pub(crate) const PROBLEM_TYPES: &str = "x-problem-types";
/// Lists whose order says nothing.
const SETS: [&str; 3] = ["enum", "required", "type"];
/// Values of callers and ours, that only look like parts of a document.
const VALUES: [&str; 3] = ["enum", "const", "default"];

/// What is committed as published: the document without its words.
pub(crate) fn promised(document: &Value) -> Value {
    let mut document = without_words(document, false);
    if let Some(document) = document.as_object_mut() {
        // Who we are, and what the groups of operations are about. An operation names its own.
        document.retain(|field, _| field != "info" && field != "tags");
    }
    document
}

fn without_words(value: &Value, named: bool) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| named || !WORDS.contains(&name.as_str()));
            let kept = kept.map(|(name, field)| (name.clone(), field_without_words(name, field, named)));
            kept.chain(problem_types(fields)).collect()
        }
        Value::Array(items) => items.iter().map(|item| without_words(item, false)).collect(),
        other => other.clone(),
    }
}

/// Programs decide by the type of a problem, and which ones a refusal may have its examples alone say.
fn problem_types(media: &Map<String, Value>) -> Option<(String, Value)> {
    let several = media.get("examples").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let values = several.filter_map(|example| example.get("value")).chain(media.get("example"));
    let types = values.filter_map(|value| value.get("type")?.as_str());
    let types: BTreeSet<&str> = types.filter(|kind| kind.starts_with("urn:problem-type:")).collect();
    (!types.is_empty()).then(|| (PROBLEM_TYPES.to_owned(), json!(types)))
}

fn field_without_words(name: &str, field: &Value, named: bool) -> Value {
    match field {
        Value::Array(items) if !named && SETS.contains(&name) => sorted(items),
        field if !named && VALUES.contains(&name) => field.clone(),
        field => without_words(field, !named && NAMED.contains(&name)),
    }
}

fn sorted(items: &[Value]) -> Value {
    let mut items = items.to_vec();
    items.sort_by_key(ToString::to_string);
    items.dedup();
    items.into()
}

/// A document with each reference replaced by what it refers to: then only what is said counts,
/// not where it stands.
pub(crate) fn unfolded(document: &Value) -> Value {
    unfold(document, document, 0)
}

fn unfold(document: &Value, value: &Value, depth: usize) -> Value {
    assert!(depth < 100, "a shape holds itself: the check of changes does not know how to read that yet");
    match value {
        Value::Object(fields) => {
            let mut whole = referred(document, fields.get("$ref"), depth);
            let own = fields.iter().filter(|(name, _)| *name != "$ref");
            whole.extend(own.map(|(name, field)| (name.clone(), unfold(document, field, depth + 1))));
            united(&whole).unwrap_or(whole).into()
        }
        Value::Array(items) => items.iter().map(|item| unfold(document, item, depth + 1)).collect(),
        other => other.clone(),
    }
}

fn referred(document: &Value, reference: Option<&Value>, depth: usize) -> Map<String, Value> {
    let Some(reference) = reference else { return Map::new() };
    let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
    match unfold(document, document.pointer(pointer).unwrap(), depth + 1) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// `allOf` as one object, so that a field may move between its parts. None where two parts
/// differ in what they say of the same.
fn united(fields: &Map<String, Value>) -> Option<Map<String, Value>> {
    let parts = fields.get("allOf")?.as_array()?;
    let mut whole = fields.clone();
    whole.remove("allOf");
    for (keyword, value) in parts.iter().filter_map(Value::as_object).flatten() {
        let both = match (keyword.as_str(), whole.get(keyword)) {
            (_, None) => value.clone(),
            (_, Some(known)) if known == value => continue,
            ("properties", Some(known)) => joined(known.as_object()?, value.as_object()?)?,
            ("required", Some(known)) => sorted(&[known.as_array()?.as_slice(), value.as_array()?].concat()),
            _ => return None,
        };
        whole.insert(keyword.clone(), both);
    }
    Some(whole)
}

fn joined(known: &Map<String, Value>, more: &Map<String, Value>) -> Option<Value> {
    let apart = !more.keys().any(|name| known.contains_key(name));
    apart.then(|| known.clone().into_iter().chain(more.clone()).collect())
}
