//! What follows from what an operation takes: its refusals, by the extractors that
//! stand in its handler's signature, and the headers of its answers.

use serde_json::Value;

use super::headers::reference;
use super::refusals;

/// The extension by which a handler names the rate limit that its route is under.
const LIMITED: &str = "x-rate-limit";

/// Adds what is missing. What an operation says itself, stays.
pub(super) fn apply(operation: &mut Value) {
    let takes = Takes(operation.clone());
    for status in takes.refusals() {
        let refusal = operation["responses"].as_object_mut().expect("responses are an object");
        refusal.entry(status).or_insert_with(|| refusals::reference_to(status));
    }
    let is_cached = !operation["responses"]["304"].is_null();
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        if answer["$ref"].is_null() {
            add_headers(answer, &takes.headers(status, is_cached));
            add_examples(answer, status);
        }
    }
}

fn add_headers(answer: &mut Value, headers: &[(&str, &str)]) {
    for (name, component) in headers {
        answer["headers"][name] = reference(component);
    }
}

/// A refusal in words of its own is still of the types of its status, if it shows no other.
fn add_examples(answer: &mut Value, status: &str) {
    let Some(problem) = answer.pointer_mut("/content/application~1problem+json") else { return };
    if problem["example"].is_null() && problem["examples"].is_null() {
        problem["examples"] = refusals::examples_of(status);
    }
}

/// An operation as its handler is annotated.
struct Takes(Value);

impl Takes {
    fn refusals(&self) -> Vec<&'static str> {
        let rules: [(bool, &[&str]); 9] = [
            (true, &["400", "500", "503"]),
            (self.needs_token(), &["401"]),
            (self.needs_scope(), &["403"]),
            (self.has_parameter("path", |_| true), &["404"]),
            (self.has_parameter("query", |_| true), &["400"]),
            (self.has_parameter("query", |name| !matches!(name, "limit" | "cursor")), &["422"]),
            (self.has_parameter("header", |name| name == "If-Match"), &["400", "412"]),
            (self.has_parameter("header", |name| name == "Idempotency-Key"), &["400", "422"]),
            (self.is_limited(), &["429"]),
        ];
        let statuses = rules.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, statuses)| statuses);
        statuses.copied().chain(self.needs_version()).chain(self.of_body().iter().copied()).collect()
    }

    fn headers(&self, status: &str, is_cached: bool) -> Vec<(&'static str, &'static str)> {
        let is_success = status.starts_with('2') || status == "304";
        let rules: [(bool, &[(&str, &str)]); 4] = [
            (true, &[("x-request-id", "RequestId")]),
            (self.is_limited(), &[("RateLimit", "RateLimit"), ("RateLimit-Policy", "RateLimitPolicy")]),
            (is_success && is_cached, &[("ETag", "ETag"), ("Cache-Control", "CacheControl")]),
            (is_success && self.is_replayable(), &[("Idempotency-Replayed", "IdempotencyReplayed")]),
        ];
        rules.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, headers)| headers).copied().collect()
    }

    /// The requirement that alone will do; none where one may come without a token.
    fn scopes(&self) -> Option<&Vec<Value>> {
        let [only] = self.0["security"].as_array()?.as_slice() else { return None };
        only["bearer"].as_array()
    }

    fn needs_token(&self) -> bool {
        self.scopes().is_some()
    }

    fn needs_scope(&self) -> bool {
        self.scopes().is_some_and(|scopes| !scopes.is_empty())
    }

    fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.0["parameters"].as_array().into_iter().flatten()
    }

    fn has_parameter(&self, place: &str, is: impl Fn(&str) -> bool) -> bool {
        self.parameters().any(|p| p["in"] == place && p["name"].as_str().is_some_and(&is))
    }

    fn needs_version(&self) -> Option<&'static str> {
        let is_needed = self.parameters().any(|p| p["name"] == "If-Match" && p["required"] == true);
        is_needed.then_some("428")
    }

    fn is_replayable(&self) -> bool {
        self.has_parameter("header", |name| name == "Idempotency-Key")
    }

    fn is_limited(&self) -> bool {
        !self.0[LIMITED].is_null()
    }

    /// What [`crate::Json`] refuses, whose body has a schema; what is read as bytes
    /// alone has none.
    fn of_body(&self) -> &'static [&'static str] {
        let contents = self.0["requestBody"]["content"].as_object();
        match contents.and_then(|contents| contents.values().next()) {
            None => &[],
            Some(content) if content["schema"]["$ref"].is_null() => &["400", "413"],
            Some(_) => &["400", "413", "415", "422"],
        }
    }
}
