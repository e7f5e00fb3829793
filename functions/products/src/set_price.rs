//! `PUT /api/products/{id}/pricing`

use api::{IfMatch, Json, Object, PathId, Problem, Violations};
use axum::extract::State;
use domain::{Price, ProductId};
use serde::Deserialize;
use store::Store;
use utoipa::ToSchema;

use crate::Editor;
use crate::submission::{MoneySubmission, check_price};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricingSubmission {
    #[schema(value_type = MoneySubmission)]
    price: Option<Object<MoneySubmission>>,
}

#[utoipa::path(
    put,
    path = "/api/products/{id}/pricing",
    operation_id = "setPrice",
    tag = "catalogue",
    summary = "Change what a product costs",
    description = "`If-Match` names the price's version; the change counts as one of its product too.",
    params(("id" = ProductId, Path, description = "The product's id."), IfMatch),
    security(("bearer" = ["catalog:write"])),
    extensions(("x-rate-limit" = json!("catalogue-writes"))),
    request_body = PricingSubmission,
    responses((status = 200, description = "The price as it is now.", body = Price)),
)]
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
