//! `GET /api/orders/{id}`

use api::{Caller, PathId, Private, Problem};
use axum::extract::State;
use domain::OrderId;
use store::Store;

use crate::view::OrderView;

#[utoipa::path(
    get,
    path = "/api/orders/{id}",
    operation_id = "showOrder",
    tag = "orders",
    summary = "One order of the caller's",
    params(("id" = OrderId, Path, description = "The order's id.")),
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("account-reads"))),
    responses((status = 200, description = "The order.", body = OrderView)),
)]
pub(crate) async fn show(
    caller: Caller,
    State(store): State<Store>,
    PathId(id): PathId<OrderId>,
) -> Result<Private<OrderView>, Problem> {
    let purchase = store.order(&caller.user, &id).await?;
    Ok(Private(OrderView::from(&purchase)))
}
