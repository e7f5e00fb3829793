//! `POST /api/products/{id}/inventory/adjustments`

use api::{IdempotencyKey, Json, PathId, Problem, Violations, recorded};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Adjustment, Delta, ProductId, Reason};
use serde::{Deserialize, Serialize};
use store::{Request, Store};

use crate::Editor;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustmentSubmission {
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

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
