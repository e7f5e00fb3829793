//! `POST /api/products/{id}/inventory/adjustments`

use api::{IdempotencyKey, Json, PathId, Problem, Violations};
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use domain::{Adjustment, Delta, ProductId, Reason};
use serde::{Deserialize, Serialize};
use store::{Request, Store};

use crate::Editor;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustmentSubmission {
    delta: Option<i64>,
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
    let mut response = ([(header::CONTENT_TYPE, "application/json")], answer.body).into_response();
    if answer.replayed {
        let replayed = HeaderName::from_static("idempotency-replayed");
        response.headers_mut().insert(replayed, "true".parse().expect("a header value"));
    }
    Ok(response)
}

impl AdjustmentSubmission {
    fn checked(self) -> Result<Adjustment, Problem> {
        let mut violations = Violations::default();
        let reason = violations.required("/reason", self.reason, |text| Reason::new(&text));
        let delta = violations.required("/delta", self.delta, Delta::new);
        violations.finish(delta.zip(reason).map(|(delta, reason)| Adjustment { delta, reason }))
    }
}
