//! `GET /api/health/detailed`: how the whole fleet does, and why one may say so.
//!
//! Table and cache are asked just now; everything else is what the fleet counted in
//! its last minutes. A dead table is unhealthy; a dead cache costs speed and is
//! degraded.

use api::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use monitoring::Window;
use tokio::time::{Instant, timeout_at};

use crate::App;
use crate::check::Status;
use crate::probe::{self, LIMIT, Probe};
use crate::recent::SHOWN;
use crate::report::{Observed, Report};
use crate::token::Admitted;

#[utoipa::path(
    get,
    path = "/api/health/detailed",
    operation_id = "showHealth",
    tag = "health",
    summary = "How the whole fleet does",
    description = "Table and cache are asked just now; all else is what the fleet counted in its last minutes.",
    security((), ("health_token" = []), ("health_password" = [])),
    responses(
        (status = 200, description = "It is healthy, or degraded.", body = Report),
        (
            status = 401,
            description = "The deployment asks for its health token.",
            body = Problem,
            content_type = "application/problem+json",
            headers(("WWW-Authenticate" = String, description = "Basic, for browsers.")),
        ),
        (status = 503, description = "It is unhealthy.", body = Report),
    ),
)]
pub(crate) async fn detailed(_: Admitted, State(app): State<App>) -> impl IntoResponse {
    let report = Report::of(observe(&app).await, &app.names);
    let code = match report.status {
        Status::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
        Status::Degraded | Status::Healthy | Status::Unknown => StatusCode::OK,
    };
    (code, [(header::CACHE_CONTROL, "no-store")], Json(report))
}

/// Side by side, and each with the same end.
async fn observe(app: &App) -> Observed {
    let (database, (cache, window), managed) =
        tokio::join!(probe::database(&app.store), cache_and_window(app), app.managed.described(),);
    let uptime = app.started.elapsed().as_secs();
    Observed { now: api::now(), uptime, database, cache, window, managed }
}

/// The probe connects, if need be, so that the window can be read: the minutes that are
/// shown, and the running one.
async fn cache_and_window(app: &App) -> (Probe, Option<Window>) {
    let end = Instant::now() + LIMIT;
    let cache = probe::cache(&app.store).await;
    let window = timeout_at(end, app.monitoring.window(SHOWN + 1)).await;
    (cache, window.ok().flatten())
}
