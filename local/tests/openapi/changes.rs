//! What a document changes of what was published, and which of it breaks a caller.
//!
//! Its one rule: what differs and is not known to be harmless is a break. So a keyword that is
//! new to it can only be refused wrongly, never let through.
//!
//! No library does this: `drift` reads OpenAPI 3.0, without headers and credentials. `jsoncompat`
//! proves that one schema takes no more than another; so it lets a status, a value, a default, a
//! name and the need of a token change, and refuses a new status that refuses.

mod deprecation;
mod proof;
mod schemas;
mod security;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::document::operations;
use crate::promise::PROBLEM_TYPES;
use schemas::{Side, schema};

pub(crate) struct Change {
    pub(crate) breaks: bool,
    place: String,
    what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.what)
    }
}

#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn breaks(&mut self, place: &str, what: impl Into<String>) {
        self.note(true, place, what);
    }

    fn adds(&mut self, place: &str, what: impl Into<String>) {
        self.note(false, place, what);
    }

    fn note(&mut self, breaks: bool, place: &str, what: impl Into<String>) {
        self.0.push(Change { breaks, place: place.to_owned(), what: what.into() });
    }

    /// Whatever is none of the `known` members has to stay as it is.
    fn exact(&mut self, place: &str, was: &Value, now: &Value, known: &[&str]) {
        for (name, was, now) in pairs(map(was), map(now)) {
            if !known.contains(&name) && was != now {
                self.breaks(place, format!("{name}: {} → {}", said(was), said(now)));
            }
        }
    }

    fn required(&mut self, place: &str, side: Side, was: &Value, now: &Value) {
        let (was, now) = (was["required"] == true, now["required"] == true);
        if was != now {
            self.needed(place, side, now);
        }
    }

    fn needed(&mut self, place: &str, side: Side, now: bool) {
        match (side, now) {
            (Side::Request, true) => self.breaks(place, "is required now"),
            (Side::Request, false) => self.adds(place, "is optional now"),
            (Side::Answer, true) => self.adds(place, "is always there now"),
            (Side::Answer, false) => self.breaks(place, "may be missing now"),
        }
    }
}

/// What is different in `now`; both are unfolded promises.
pub(crate) fn changes(was: &Value, now: &Value, today: Date) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.exact("the document", was, now, &["components", "paths"]);
    security::schemes(&mut changes, &was["components"], &now["components"]);
    for (place, was, now) in pairs(&by_place(was), &by_place(now)) {
        match (was, now) {
            (Some(was), Some(now)) => operation(&mut changes, place, was, now, today),
            (Some(was), None) => deprecation::gone(&mut changes, place, was, today),
            _ => changes.adds(place, "a new operation"),
        }
    }
    changes.0
}

fn by_place(document: &Value) -> Map<String, Value> {
    let operations = operations(document).into_iter();
    operations.map(|(path, method, operation)| (format!("{method} {path}"), operation)).collect()
}

fn operation(changes: &mut Changes, place: &str, was: &Value, now: &Value, today: Date) {
    let known = ["deprecated", "parameters", "requestBody", "responses", "security", "x-sunset"];
    changes.exact(place, was, now, &known);
    deprecation::deprecated(changes, place, was, now, today);
    security::asked(changes, place, was, now);
    parameters(changes, place, was, now);
    body(changes, place, was, now);
    answers(changes, place, &was["responses"], &now["responses"]);
}

fn parameters(changes: &mut Changes, operation: &str, was: &Value, now: &Value) {
    for (name, was, now) in pairs(&by_name(was), &by_name(now)) {
        let place = format!("{operation}, {name}");
        match (was, now) {
            (Some(was), Some(now)) => {
                changes.exact(&place, was, now, &["in", "name", "required", "schema"]);
                changes.required(&place, Side::Request, was, now);
                schema(changes, &place, Side::Request, &was["schema"], &now["schema"]);
            }
            (Some(_), None) => changes.breaks(&place, "the parameter is gone"),
            (_, now) => {
                let required = now.is_some_and(|now| now["required"] == true);
                let what = if required { "a new parameter, and required" } else { "a new parameter" };
                changes.note(required, &place, what);
            }
        }
    }
}

fn by_name(operation: &Value) -> Map<String, Value> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let named = parameters.map(|parameter| {
        let (place, name) = (parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap());
        // A header's case is nobody's business; any other name's is.
        let name = if place == "header" { name.to_lowercase() } else { name.to_owned() };
        (format!("{place} parameter {name}"), parameter.clone())
    });
    named.collect()
}

fn body(changes: &mut Changes, operation: &str, was: &Value, now: &Value) {
    let place = format!("{operation}, request body");
    match (was.get("requestBody"), now.get("requestBody")) {
        (Some(was), Some(now)) => {
            changes.exact(&place, was, now, &["content", "required"]);
            changes.required(&place, Side::Request, was, now);
            content(changes, &place, Side::Request, &was["content"], &now["content"]);
        }
        (Some(_), None) => changes.breaks(&place, "the body is gone"),
        (None, Some(now)) => changes.note(now["required"] == true, &place, "a new body"),
        (None, None) => {}
    }
}

fn answers(changes: &mut Changes, operation: &str, was: &Value, now: &Value) {
    for (status, was, now) in pairs(map(was), map(now)) {
        let place = format!("{operation}, answer {status}");
        match (was, now) {
            (Some(was), Some(now)) => {
                changes.exact(&place, was, now, &["content", "headers"]);
                headers(changes, &place, &was["headers"], &now["headers"]);
                content(changes, &place, Side::Answer, &was["content"], &now["content"]);
            }
            (Some(_), None) => changes.breaks(&place, "the status is gone"),
            (_, now) => changes.note(!now.is_some_and(|now| is_problem(status, now)), &place, "a new status"),
        }
    }
}

/// A status that refuses, in the words of every refusal: a problem type like any other.
fn is_problem(status: &str, answer: &Value) -> bool {
    let refuses = status.starts_with(['4', '5']);
    refuses && map(&answer["content"]).keys().eq(["application/problem+json"])
}

fn headers(changes: &mut Changes, answer: &str, was: &Value, now: &Value) {
    let lower = |headers: &Value| -> Map<String, Value> {
        map(headers).iter().map(|(name, header)| (name.to_lowercase(), header.clone())).collect()
    };
    for (name, was, now) in pairs(&lower(was), &lower(now)) {
        let place = format!("{answer}, header {name}");
        match (was, now) {
            (Some(was), Some(now)) => {
                changes.exact(&place, was, now, &["required", "schema"]);
                changes.required(&place, Side::Answer, was, now);
                schema(changes, &place, Side::Answer, &was["schema"], &now["schema"]);
            }
            (Some(_), None) => changes.breaks(&place, "the header is gone"),
            _ => changes.adds(&place, "a new header"),
        }
    }
}

fn content(changes: &mut Changes, whole: &str, side: Side, was: &Value, now: &Value) {
    for (media, was, now) in pairs(map(was), map(now)) {
        let place = format!("{whole}, {media}");
        match (was, now) {
            (Some(was), Some(now)) => {
                changes.exact(&place, was, now, &["schema", PROBLEM_TYPES]);
                problem_types(changes, &place, &was[PROBLEM_TYPES], &now[PROBLEM_TYPES]);
                schema(changes, &place, side, &was["schema"], &now["schema"]);
            }
            (Some(_), None) => changes.breaks(&place, "the media type is gone"),
            _ => changes.note(side == Side::Answer, &place, "a new media type"),
        }
    }
}

fn problem_types(changes: &mut Changes, place: &str, was: &Value, now: &Value) {
    let [was, now] = [was, now].map(|types| types.as_array().into_iter().flatten().collect::<HashSet<_>>());
    for gone in was.difference(&now) {
        changes.breaks(place, format!("the problem type {gone} is gone"));
    }
    for added in now.difference(&was) {
        changes.adds(place, format!("a new problem type, {added}"));
    }
}

/// Each name that either side has.
fn pairs<'a>(
    was: &'a Map<String, Value>,
    now: &'a Map<String, Value>,
) -> impl Iterator<Item = (&'a str, Option<&'a Value>, Option<&'a Value>)> {
    let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    names.into_iter().map(|name| (name.as_str(), was.get(name), now.get(name)))
}

fn map(value: &Value) -> &Map<String, Value> {
    static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NOTHING)
}

/// A value in a line of a list.
fn said(value: Option<&Value>) -> String {
    let text = value.map_or("nothing".to_owned(), Value::to_string);
    if text.chars().count() <= 80 { text } else { text.chars().take(79).chain(['…']).collect() }
}
