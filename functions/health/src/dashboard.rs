//! `GET /api/health/dashboard`: what `detailed` says, for people.
//!
//! One page that brings all of itself along. Its policy lets it run its own script,
//! known by its hash, and ask the host that it came from; nothing else.

use std::sync::Arc;

use api::Problem;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::IntoResponse;
use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};

use crate::App;
use crate::token::Admitted;

const FRAME: &str = include_str!("dashboard/page.html");
const STYLE: &str = include_str!("dashboard/style.css");
const SCRIPT: &str = concat!(
    include_str!("dashboard/numbers.js"),
    include_str!("dashboard/elements.js"),
    include_str!("dashboard/services.js"),
    include_str!("dashboard/charts.js"),
    include_str!("dashboard/tables.js"),
    include_str!("dashboard/verdict.js"),
    include_str!("dashboard/ask.js"),
);

/// The page, put together once.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    html: Arc<str>,
    policy: Arc<str>,
}

impl Page {
    pub(crate) fn assemble() -> Self {
        let html = FRAME.replace("/* style.css */", STYLE).replace("/* script.js */", SCRIPT);
        let policy = format!(
            "default-src 'none'; script-src {}; style-src {}; img-src data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            source(SCRIPT),
            source(STYLE)
        );
        Self { html: html.into(), policy: policy.into() }
    }
}

/// What a policy calls an inline element with this text (CSP 3, "hash-source").
fn source(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[utoipa::path(
    get,
    path = "/api/health/dashboard",
    operation_id = "showDashboard",
    tag = "health",
    summary = "The same as a page",
    security((), ("health_token" = []), ("health_password" = [])),
    responses(
        (status = 200, description = "A page that refreshes itself.", body = String, content_type = "text/html"),
        (
            status = 401,
            description = "The deployment asks for its health token.",
            body = Problem,
            content_type = "application/problem+json",
            headers(("WWW-Authenticate" = String, description = "Basic, for browsers.")),
        ),
    ),
)]
pub(crate) async fn dashboard(_: Admitted, State(app): State<App>) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let policy = [(CONTENT_SECURITY_POLICY, app.page.policy.to_string())];
    (headers, policy, app.page.html.to_string())
}
