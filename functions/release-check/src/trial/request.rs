//! A request as the gateway hands it to a function (AWS: "Create AWS Lambda proxy
//! integrations for HTTP APIs", payload format 2.0).

use serde_json::{Value, json};

/// Nobody's address (RFC 5737): whoever counts addresses counts no caller's.
const SOURCE: &str = "192.0.2.1";
const AGENT: &str = "release-check";

pub(super) fn get(path: &str, query: &str, token: Option<&str>, id: &str) -> Value {
    let mut request = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"accept": "application/json", "host": AGENT, "user-agent": AGENT},
        "requestContext": {
            "http": {
                "method": "GET",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE,
                "userAgent": AGENT,
            },
            "requestId": id,
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "isBase64Encoded": false,
    });
    if let Some(token) = token {
        request["headers"]["authorization"] = format!("Bearer {token}").into();
    }
    request
}
