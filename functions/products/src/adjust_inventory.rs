//! `POST /api/products/{id}/inventory/adjustments`

use api::{IdempotencyKey, Json, PathId, Problem, Violations, recorded};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Adjustment, Delta, Error, ProductId, Reason, Stock};
use serde::{Deserialize, Serialize};
use store::{Request, Store};
use utoipa::ToSchema;

use crate::Editor;

#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustmentSubmission {
    #[serde(default, deserialize_with = "api::integer", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Delta, required)]
    delta: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Reason)]
    reason: Option<String>,
}

#[utoipa::path(
    post,
    path = "/api/products/{id}/inventory/adjustments",
    operation_id = "adjustInventory",
    tag = "catalogue",
    summary = "Move stock",
    description = "Stock is moved by a difference and never set, so that no order in between is undone.",
    params(("id" = ProductId, Path, description = "The product's id."), IdempotencyKey),
    security(("bearer" = ["catalog:write"])),
    extensions(("x-rate-limit" = json!("catalogue-writes"))),
    request_body = AdjustmentSubmission,
    responses(
        (
            status = 200,
            description = "The stock as it is now.",
            body = Stock,
            links(("order" = (
                operation_id = "placeOrder",
                request_body = json!({ "items": [{ "product_id": "$response.body#/product_id", "quantity": 1 }] }),
            ))),
        ),
        (
            status = 409,
            description = "It would leave the stock's range.",
            body = Problem,
            content_type = "application/problem+json",
            example = json!(Problem::from(Error::StockOutOfRange { available: 3 }).example("/api/products/teapot/inventory/adjustments")),
        ),
    ),
)]
pub(crate) async fn adjust_inventory(
    Editor(caller): Editor,
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<AdjustmentSubmission>,
) -> Result<Response, Problem> {
    let request = Request::new(&caller.user, &key, &format!("adjust inventory of {id}"), &body);
    let answer = store.adjust_stock(&id, &body.checked()?, &request, api::now()).await?;
    Ok(recorded(StatusCode::OK, answer.body, answer.replayed))
}

impl AdjustmentSubmission {
    fn checked(self) -> Result<Adjustment, Problem> {
        let mut violations = Violations::default();
        let reason = violations.required("/reason", self.reason, |text| Reason::new(&text));
        let delta = violations.required("/delta", self.delta, Delta::new);
        violations.finish(delta.zip(reason).map(|(delta, reason)| Adjustment { delta, reason }))
    }
}
