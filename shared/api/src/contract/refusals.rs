//! How refusals look in the document: one response for each status, and operations
//! refer to them.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode};
use domain::{Error, Violation};
use serde_json::{Map, Value, json};

use super::headers::reference;
use crate::Problem;
use crate::edge::BODY_LIMIT;

/// A status by which we refuse: its name, what it means, and a problem of each type that it
/// may carry.
struct Refusal {
    name: &'static str,
    means: &'static str,
    problems: Vec<Problem>,
}

fn refusal(name: &'static str, means: &'static str, problems: impl Into<Vec<Problem>>) -> Refusal {
    Refusal { name, means, problems: problems.into() }
}

fn refusals() -> [Refusal; 12] {
    let required = Violation { pointer: "/name".to_owned(), detail: "is required".to_owned() };
    [
        refusal(
            "MalformedRequest",
            "The body is no JSON, or a header, limit or cursor cannot be read.",
            [Problem::malformed("limit must be a number from 1 to 100")],
        ),
        refusal(
            "Unauthenticated",
            "There are no credentials, or not good ones.",
            [Problem::unauthenticated("the token is not valid")],
        ),
        refusal(
            "Forbidden",
            "The token does not carry the scope that this needs.",
            [Problem::forbidden("catalog:write")],
        ),
        refusal(
            "NotFound",
            "There is no such thing: it never was, is archived, or is someone else's.",
            [Problem::not_found("product")],
        ),
        refusal(
            "StaleVersion",
            "`If-Match` names a version that is not the current one: read again, then decide.",
            [Problem::stale("the current version is \"4\"")],
        ),
        refusal("BodyTooLarge", "The body is longer than is read.", [Problem::too_large(BODY_LIMIT)]),
        refusal(
            "UnsupportedMediaType",
            "The body is not JSON by its `Content-Type`.",
            [Problem::unsupported_media_type("application/json")],
        ),
        refusal(
            "InvalidRequest",
            "Well-formed, and it breaks rules, each named in `errors`; or, as \
             `idempotency-key-reused`, the key came before with another request.",
            [Problem::invalid(vec![required]), Error::IdempotencyKeyReused.into()],
        ),
        refusal(
            "PreconditionRequired",
            "The write needs `If-Match`, so that it undoes no other.",
            [Problem::precondition_required()],
        ),
        refusal(
            "TooManyRequests",
            "The caller is over the limit; nothing was done.",
            [Problem::too_many_requests("checkout", HeaderValue::from_static("1"))],
        ),
        refusal(
            "InternalError",
            "Our fault. Our logs have the cause under the request's id.",
            [Problem::internal(Arc::new(Error::corrupt("product", "for the log alone")))],
        ),
        refusal(
            "Unavailable",
            "A part that we need does not answer, or, as `busy`, others write the same: try again. A \
             write that was answered so may have happened; under the same `Idempotency-Key` or \
             `If-Match` it happens once.",
            [Error::unavailable("GetItem", "for the log alone").into(), Error::Busy.into()],
        ),
    ]
}

/// All of them, by name.
pub(super) fn all() -> Value {
    refusals().iter().map(|refusal| (refusal.name.to_owned(), refusal.response())).collect()
}

/// The refusal with this status, by reference.
pub(super) fn reference_to(status: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{}", of(status).name) })
}

/// The problems of the refusal with this status.
pub(super) fn examples_of(status: &str) -> Value {
    of(status).examples().into()
}

fn of(status: &str) -> Refusal {
    let refusal = refusals().into_iter().find(|refusal| refusal.status().as_str() == status);
    refusal.expect("what refuses has a status of the table")
}

impl Refusal {
    fn status(&self) -> StatusCode {
        self.problems[0].status()
    }

    fn response(&self) -> Value {
        json!({
            "description": self.means,
            "headers": self.headers(),
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "examples": self.examples(),
            } },
        })
    }

    fn headers(&self) -> Value {
        let mut headers = json!({
            "x-request-id": reference("RequestId"),
            "RateLimit": reference("RateLimit"),
            "RateLimit-Policy": reference("RateLimitPolicy"),
        });
        match self.status() {
            StatusCode::UNAUTHORIZED => headers["WWW-Authenticate"] = reference("WwwAuthenticate"),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers["Retry-After"] = reference("RetryAfter");
            }
            _ => {}
        }
        headers
    }

    fn examples(&self) -> Map<String, Value> {
        let example = |problem: &Problem| {
            (
                problem.kind().to_owned(),
                json!({ "value": problem.example("/api/products/cafe-au-lait-bowl") }),
            )
        };
        self.problems.iter().map(example).collect()
    }
}
