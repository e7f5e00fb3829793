//! `PUT /api/products/{id}/pricing`

use api::{IfMatch, Json, Object, PathId, Problem, Violations};
use axum::extract::State;
use domain::{Price, ProductId};
use serde::Deserialize;
use store::Store;

use crate::Editor;
use crate::submission::{MoneySubmission, check_price};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricingSubmission {
    price: Option<Object<MoneySubmission>>,
}

pub(crate) async fn set_price(
    _: Editor,
    State(store): State<Store>,
    PathId(id): PathId<ProductId>,
    IfMatch(seen): IfMatch,
    Json(body): Json<PricingSubmission>,
) -> Result<axum::Json<Price>, Problem> {
    let mut violations = Violations::default();
    let price = check_price(body.price, &mut violations);
    let price = violations.finish(price)?;
    Ok(axum::Json(store.set_price(&id, seen, price, api::now()).await?))
}
