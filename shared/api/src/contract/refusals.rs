//! How refusals look in the document: one response for each status, and operations
//! refer to them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::headers::reference;

/// A refusal: its name, its status, its problem types, what it means and what it says.
struct Refusal {
    name: &'static str,
    status: StatusCode,
    kind: &'static str,
    means: &'static str,
    detail: &'static str,
}

const REFUSALS: [Refusal; 12] = [
    Refusal {
        name: "MalformedRequest",
        status: StatusCode::BAD_REQUEST,
        kind: "malformed-request",
        means: "The body is no JSON, or a header, limit or cursor cannot be read.",
        detail: "limit must be a number from 1 to 100",
    },
    Refusal {
        name: "Unauthenticated",
        status: StatusCode::UNAUTHORIZED,
        kind: "unauthenticated",
        means: "There are no credentials, or not good ones.",
        detail: "the token is not valid",
    },
    Refusal {
        name: "Forbidden",
        status: StatusCode::FORBIDDEN,
        kind: "forbidden",
        means: "The token does not carry the scope that this needs.",
        detail: "the token lacks the scope catalog:write",
    },
    Refusal {
        name: "NotFound",
        status: StatusCode::NOT_FOUND,
        kind: "not-found",
        means: "There is no such thing: it never was, is archived, or is someone else's.",
        detail: "there is no such product",
    },
    Refusal {
        name: "StaleVersion",
        status: StatusCode::PRECONDITION_FAILED,
        kind: "stale-version",
        means: "`If-Match` names a version that is not the current one: read again, then decide.",
        detail: "the current version is \"4\"",
    },
    Refusal {
        name: "BodyTooLarge",
        status: StatusCode::PAYLOAD_TOO_LARGE,
        kind: "body-too-large",
        means: "The body is longer than is read.",
        detail: "the body must have at most 1048576 bytes",
    },
    Refusal {
        name: "UnsupportedMediaType",
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        kind: "unsupported-media-type",
        means: "The body is not JSON by its `Content-Type`.",
        detail: "Content-Type must be application/json",
    },
    Refusal {
        name: "InvalidRequest",
        status: StatusCode::UNPROCESSABLE_ENTITY,
        kind: "invalid-request",
        means: "Well-formed, and it breaks rules, each named in `errors`; or, as \
            `idempotency-key-reused`, the key came before with another request.",
        detail: "the request breaks the rules listed in errors",
    },
    Refusal {
        name: "PreconditionRequired",
        status: StatusCode::PRECONDITION_REQUIRED,
        kind: "precondition-required",
        means: "The write needs `If-Match`, so that it undoes no other.",
        detail: "If-Match must carry the quoted version that the change starts from",
    },
    Refusal {
        name: "TooManyRequests",
        status: StatusCode::TOO_MANY_REQUESTS,
        kind: "too-many-requests",
        means: "The caller is over the limit; nothing was done.",
        detail: "too many requests under the policy checkout, see Retry-After",
    },
    Refusal {
        name: "InternalError",
        status: StatusCode::INTERNAL_SERVER_ERROR,
        kind: "internal-error",
        means: "Our fault. Our logs have the cause under the request's id.",
        detail: "something went wrong on our side",
    },
    Refusal {
        name: "Unavailable",
        status: StatusCode::SERVICE_UNAVAILABLE,
        kind: "unavailable",
        means: "A part that we need does not answer, or is too busy: try again. A write that was \
            answered so may have happened; under the same `Idempotency-Key` or `If-Match` it \
            happens once.",
        detail: "try again in a moment",
    },
];

/// All of them, by name.
pub(super) fn all() -> Value {
    REFUSALS.iter().map(|refusal| (refusal.name.to_owned(), refusal.response())).collect()
}

/// The refusal with this status, by reference.
pub(super) fn reference_to(status: &str) -> Value {
    let refusal = REFUSALS.iter().find(|refusal| refusal.status.as_str() == status);
    let name = refusal.expect("rules name statuses of the table").name;
    json!({ "$ref": format!("#/components/responses/{name}") })
}

impl Refusal {
    fn response(&self) -> Value {
        json!({
            "description": self.means,
            "headers": self.headers(),
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "example": self.example(),
            } },
        })
    }

    fn headers(&self) -> Value {
        let mut headers = json!({
            "x-request-id": reference("RequestId"),
            "RateLimit": reference("RateLimit"),
            "RateLimit-Policy": reference("RateLimitPolicy"),
        });
        match self.status {
            StatusCode::UNAUTHORIZED => headers["WWW-Authenticate"] = reference("WwwAuthenticate"),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers["Retry-After"] = reference("RetryAfter");
            }
            _ => {}
        }
        headers
    }

    fn example(&self) -> Value {
        let mut example = json!({
            "type": format!("urn:problem-type:storefront:{}", self.kind),
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "instance": "/api/products/cafe-au-lait-bowl",
            "request_id": "01890a5d-ac96-774b-bcce-b302099a8057",
        });
        if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            example["errors"] = json!([{ "pointer": "/name", "detail": "is required" }]);
        }
        example
    }
}
