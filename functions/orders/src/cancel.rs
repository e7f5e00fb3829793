//! `POST /api/orders/{id}/cancel`

use api::{Caller, PathId, Private, Problem};
use axum::extract::State;
use domain::OrderId;
use store::Store;

use crate::described;
use crate::view::OrderView;

#[utoipa::path(
    post,
    path = "/api/orders/{id}/cancel",
    operation_id = "cancelOrder",
    tag = "orders",
    summary = "Call an order off",
    description = "Only one that waits to be paid.",
    params(("id" = OrderId, Path, description = "The order's id.")),
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("checkout"))),
    responses(
        (status = 200, description = "The order, cancelled; its stock is sold to others.", body = OrderView),
        (
            status = 409,
            description = "It is not pending any more.",
            body = Problem,
            content_type = "application/problem+json",
            example = json!(described::not_cancellable()),
        ),
    ),
)]
pub(crate) async fn cancel(
    caller: Caller,
    State(store): State<Store>,
    PathId(id): PathId<OrderId>,
) -> Result<Private<OrderView>, Problem> {
    let purchase = store.cancel_order(&caller.user, &id, api::now()).await?;
    Ok(Private(OrderView::from(&purchase)))
}
