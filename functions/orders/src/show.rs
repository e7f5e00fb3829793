//! `GET /api/orders/{id}`

use api::{Caller, PathId, Private, Problem};
use axum::extract::State;
use domain::OrderId;
use store::Store;

use crate::view::OrderView;

pub(crate) async fn show(
    caller: Caller,
    State(store): State<Store>,
    PathId(id): PathId<OrderId>,
) -> Result<Private<OrderView>, Problem> {
    let purchase = store.order(&caller.user, &id).await?;
    Ok(Private(OrderView::from(&purchase)))
}
