//! `GET /api/openapi.json`

use api::{IfNoneMatch, Representation};

/// The document, as `make openapi` wrote it.
pub const DOCUMENT: &str = include_str!("../openapi.json");

#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "showDocument",
    tag = "docs",
    summary = "This document",
    params(IfNoneMatch),
    responses(
        (status = 200, description = "The API in the words of OpenAPI 3.1.", body = Object),
        (status = 304, description = "It is as the caller has it."),
    ),
)]
pub(crate) async fn openapi(known: IfNoneMatch) -> Representation {
    Representation::written(&known, DOCUMENT)
}
