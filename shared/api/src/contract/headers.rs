//! Headers of answers, by the names under which operations refer to them.

use serde_json::{Value, json};

pub(super) fn all() -> Value {
    json!({
        "Allow": text("The methods that the resource takes.", true, "^[A-Z]+(,[A-Z]+)*$", "GET,HEAD"),
        "CacheControl": {
            "description": "Whether and how caches may keep the answer.",
            "required": true,
            "schema": { "type": "string", "examples": ["public, no-cache"] },
        },
        "ETag": text(
            "Names this representation; for `If-None-Match`.",
            true,
            "^\"[A-Za-z0-9_-]{22}\"$",
            "\"47DEQpj8HBSa-_TImW-5JA\"",
        ),
        "IdempotencyReplayed": text(
            "There if the request came before: the answer is the recorded one.",
            false,
            "^true$",
            "true",
        ),
        "RateLimit": text(
            "How many requests are left under the policy, and for how many seconds it is no more \
             than these. Not there where the policy is off.",
            false,
            "^\"[a-z-]+\";r=[0-9]+;t=[0-9]+$",
            "\"checkout\";r=29;t=2",
        ),
        "RateLimitPolicy": text(
            "The policy that the request counted for: so many requests in so many seconds.",
            false,
            "^\"[a-z-]+\";q=[0-9]+;w=[0-9]+$",
            "\"checkout\";q=30;w=60",
        ),
        "RequestId": text(
            "Names the request in our logs, and in yours if you keep it.",
            true,
            "^[!-~]+$",
            "01890a5d-ac96-774b-bcce-b302099a8057",
        ),
        "RetryAfter": {
            "description": "In how many seconds to try again.",
            "required": true,
            "schema": { "type": "integer", "minimum": 1, "examples": [1] },
        },
        "WwwAuthenticate": {
            "description": "Which credentials are asked for.",
            "required": true,
            "schema": { "type": "string", "examples": ["Bearer"] },
        },
    })
}

fn text(description: &str, required: bool, pattern: &str, example: &str) -> Value {
    json!({
        "description": description,
        "required": required,
        "schema": { "type": "string", "pattern": pattern, "examples": [example] },
    })
}

/// A header of an answer, by reference.
pub(super) fn reference(component: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{component}") })
}
