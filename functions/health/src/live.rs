//! `GET /api/health`: this process answers. It touches nothing else.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;

/// A process that answers.
#[derive(Serialize, ToSchema)]
#[schema(as = Liveness)]
struct Live {
    #[schema(pattern = "^healthy$", example = "healthy")]
    status: &'static str,
    timestamp: Timestamp,
    /// Seconds since this process started.
    uptime: u64,
}

#[utoipa::path(
    get,
    path = "/api/health",
    operation_id = "showLiveness",
    tag = "health",
    summary = "Whether the function lives",
    responses((status = 200, description = "It does. Nothing else was asked.", body = Live)),
)]
pub(crate) async fn live(State(app): State<App>) -> impl IntoResponse {
    let uptime = app.started.elapsed().as_secs();
    let live = Live { status: "healthy", timestamp: api::now(), uptime };
    ([(header::CACHE_CONTROL, "no-store")], Json(live))
}
