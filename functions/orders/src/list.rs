//! `GET /api/orders`

use api::{Caller, Cursors, PageParams, PageView, Private, Problem, Query};
use axum::extract::State;
use store::{PageRequest, Store};

use crate::view::{OrderPage, OrderView};

#[utoipa::path(
    get,
    path = "/api/orders",
    operation_id = "listOrders",
    tag = "orders",
    summary = "The caller's orders, the newest first",
    params(PageParams),
    security(("bearer" = [])),
    extensions(("x-rate-limit" = json!("account-reads"))),
    responses((status = 200, description = "The page.", body = OrderPage)),
)]
pub(crate) async fn list(
    caller: Caller,
    State(store): State<Store>,
    State(cursors): State<Cursors>,
    Query(params): Query<PageParams>,
) -> Result<Private<OrderPage>, Problem> {
    let list = format!("orders/{}", caller.user);
    let after = params.position(&cursors, &list)?;
    let page = store.order_page(&caller.user, PageRequest { limit: params.limit()?, after }).await?;
    Ok(Private(PageView {
        items: page.items.iter().map(OrderView::from).collect(),
        next_cursor: page.next.map(|position| cursors.seal(&list, &position)),
    }))
}
