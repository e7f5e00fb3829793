//! `GET /api/health`: this process answers. It touches nothing else.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Serialize;

use crate::App;

#[derive(Serialize)]
struct Live {
    status: &'static str,
    timestamp: Timestamp,
    /// Seconds since this process started.
    uptime: u64,
}

pub(crate) async fn live(State(app): State<App>) -> impl IntoResponse {
    let uptime = app.started.elapsed().as_secs();
    let live = Live { status: "healthy", timestamp: api::now(), uptime };
    ([(header::CACHE_CONTROL, "no-store")], Json(live))
}
